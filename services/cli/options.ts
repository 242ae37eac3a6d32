/** Flags that many commands share: the same words everywhere. */
import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { closestTo } from '../../schemas/policy/wording.ts';
import { UserError } from '../system/user-error.ts';
import { brief } from './output/terminal.ts';

export interface LogFlags {
  readonly data: string;
  readonly kafka?: string;
}

/** What these flags say goes over the environment. */
export function overridesOf({ kafka }: Pick<LogFlags, 'kafka'>): Record<string, string> {
  return kafka === undefined ? {} : { NTK_KAFKA_BROKERS: kafka };
}

export interface StoreFlags extends LogFlags, JsonFlags {
  readonly clickhouse?: string;
  readonly log?: string;
}

/** Where the store is: a data folder, or a ClickHouse server by URL (then with --data for what needs the log). */
export function storeOptions(command: Command): Command {
  return logOptions(command)
    .option('--clickhouse <url>', 'results on a ClickHouse server (also: NTK_CLICKHOUSE_URL)')
    .option('--log <id>', 'which log, where the server has the results of several');
}

export interface JsonFlags {
  readonly json?: boolean;
}

/** For a command whose own `--format` knows json among others, or names something else. */
export function jsonOption(command: Command): Command {
  return command.option('--json', 'print JSON');
}

const OUTPUT_FORMATS = ['table', 'json'] as const;

/** `--json`, and `--format json`, which is the same: whoever asks for either has `json` in the flags. */
export function jsonOptions(command: Command): Command {
  return jsonOption(command)
    .addOption(new Option('--format <format>', 'table, or json: the same as --json').choices(OUTPUT_FORMATS))
    .hook('preAction', (asked) => {
      if (asked.getOptionValue('format') === 'json') asked.setOptionValue('json', true);
    });
}

/** Where the log is: in a data folder, or on Kafka. */
export function logOptions(command: Command): Command {
  return dataOption(command).option('--kafka <brokers>', 'log on Kafka, HOST:PORT,... (also: NTK_KAFKA_BROKERS)');
}

export function dataOption(command: Command): Command {
  return command.addOption(new Option('--data <dir>', 'data folder').env('NTK_DATA').default('./data'));
}

export interface SigningFlags {
  readonly signingKey?: string;
}

export function signingOption(command: Command): Command {
  return command.option('--signing-key <file>', 'private key (PEM) to sign with (also: NTK_SIGNING_KEY_FILE)');
}

/**
 * How many are shown at most.
 * @throws UserError when `--limit` is no positive whole number
 */
export function limitOf({ limit }: { readonly limit: string }): number {
  const max = Number(limit);
  if (!Number.isInteger(max) || max < 1) throw new UserError(`--limit '${brief(limit, 20)}' is no positive number`);
  return max;
}

/**
 * What stands before a colon is meant as a format where it is a word and no file has the whole name: "no such file" would say nothing of it.
 * @throws UserError with the format that is meant
 */
export function refuseMisspelt(name: string, formats: readonly string[]): void {
  const word = /^([a-z][a-z-]{2,}):./i.exec(name)?.[1];
  if (word === undefined || existsSync(name)) return;
  const meant = closestTo(word.toLowerCase(), formats);
  const hint =
    meant === undefined ? `one of ${formats.join(', ')}` : `did you mean ${meant}:${brief(name.slice(word.length + 1))}?`;
  throw new UserError(`format '${brief(word, 40)}' is unknown: ${hint}`);
}
