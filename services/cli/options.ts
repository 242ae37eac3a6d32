/** Flags that many commands share: the same words everywhere. */
import { type Command, Option } from 'commander';
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
 * The running system that `--to` names, and the token to send with.
 * @throws UserError without a token, and for what is no URL
 */
export function systemAt(to: string, token: string | undefined): { readonly url: URL; readonly token: string } {
  if (token === undefined) throw new UserError('--to needs a token: --token TOKEN or NTK_TOKEN');
  if (!URL.canParse(to)) throw new UserError(`--to '${brief(to, 80)}' is no URL; for instance http://127.0.0.1:7077`);
  return { url: new URL(to), token };
}
