/** `ntk tokens make | list | revoke`: who may send events to the gateway. */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { type Edited, withoutToken, withToken } from '../../gateway/tokens/edit-token-file.ts';
import { parseTokenFile, type Token, type TokenEntry, TYPES_DEFAULT } from '../../gateway/tokens/token-file.ts';
import { tryLock } from '../../platform/folder/lock.ts';
import { makeToken } from '../../platform/folder/system.ts';
import { readIfThere, replaceFile } from '../../platform/folder/whole-file.ts';
import { tokenDigest } from '../../platform/http/bearer.ts';
import { systemCodeInWords } from '../../platform/system-error.ts';
import { UserError } from '../../system/user-error.ts';
import type { CliContext } from '../context.ts';
import { jsonOptions } from '../options.ts';
import { brief } from '../output/terminal.ts';

/** Programs that look for leaked secrets find it by this. */
const TOKEN_PREFIX = 'ntk_';
const PROBLEM_CHARS_MAX = 300;

interface FileFlags {
  readonly file: string;
  readonly json?: boolean;
}

interface MakeFlags extends FileFlags {
  readonly source: readonly string[];
  readonly type?: readonly string[];
  readonly recordsPerSecond?: string;
  readonly recordsBurst?: string;
  readonly bytesPerSecond?: string;
  readonly bytesBurst?: string;
  readonly expires?: string;
}

export function registerTokens(program: Command, context: CliContext): void {
  const tokens = program
    .command('tokens')
    .description('who may send events to the gateway, and of which kinds')
    .addHelpText(
      'after',
      `
Examples:
  ntk tokens make wechat-ios --source host/wechat-ios --file tokens.yaml
  ntk tokens list --file tokens.yaml
  ntk tokens revoke wechat-ios --file tokens.yaml`,
    );
  registerMake(tokens, context);
  jsonOptions(fileOption(tokens.command('list')))
    .description('the tokens of a file, without their secrets')
    .addHelpText('after', '\nExample:\n  ntk tokens list --file tokens.yaml')
    .action((flags: FileFlags) => list(context, flags));
  jsonOptions(fileOption(tokens.command('revoke')))
    .argument('<name>', 'of the token')
    .description('take a token out of a file; a running gateway stops accepting it within a second')
    .addHelpText('after', '\nExample:\n  ntk tokens revoke wechat-ios --file tokens.yaml')
    .action((name: string, flags: FileFlags) => revoke(context, name, flags));
}

function registerMake(tokens: Command, context: CliContext): void {
  jsonOptions(fileOption(tokens.command('make')))
    .argument('<name>', 'how the token is called in lists and logs')
    .requiredOption('--source <source...>', 'a source whose records it may send; * at the end: all that begin so')
    .option('--type <type...>', `a type that it may send (default: ${TYPES_DEFAULT.join(', ')})`)
    .option('--records-per-second <n>', 'records a second that it may send in the long run')
    .option('--records-burst <n>', 'records at once (default: ten seconds of them)')
    .option('--bytes-per-second <n>', 'bytes a second that it may send in the long run')
    .option('--bytes-burst <n>', 'bytes at once (default: ten seconds of them)')
    .option('--expires <time>', 'a date or RFC 3339 time from which on it is not accepted')
    .description('make a token and print it, once; only its SHA-256 is stored')
    .addHelpText(
      'after',
      `
Examples:
  ntk tokens make wechat-ios --source host/wechat-ios --records-per-second 2000 --file tokens.yaml
  ntk tokens make review-desk --source 'desk/*' --type ntk.standing ntk.entitlement --expires 2027-01-01 --file tokens.yaml`,
    )
    .action((name: string, flags: MakeFlags) => make(context, name, flags));
}

function fileOption(command: Command): Command {
  return command.addOption(
    new Option('--file <file>', 'the file of tokens').env('NTK_GATEWAY_TOKENS_FILE').makeOptionMandatory(),
  );
}

function make({ out, clock }: CliContext, name: string, flags: MakeFlags): void {
  const token = `${TOKEN_PREFIX}${makeToken()}`;
  const entry = entryOf(name, tokenDigest(token).toString('hex'), flags);
  if (entry.expires !== undefined && Date.parse(entry.expires) <= clock.nowMs())
    throw new UserError(`--expires '${brief(flags.expires ?? '', 40)}' is over: no host could use this token`);
  const meant = flags.source.find((source) => source.slice(0, -1).includes('*'));
  if (meant !== undefined)
    throw new UserError(`--source '${brief(meant, 60)}' would be that very source: * stands for others only at the end`);
  // Before there is a lock beside what is no file.
  textOf(flags.file);
  changing(flags.file, () => {
    const text = textOf(flags.file);
    if (text !== null && parsed(flags.file, text).some((known) => known.name === name))
      throw new UserError(`${brief(flags.file)} has a token '${brief(name)}' already; revoke it, or choose another name`);
    replaceFile(flags.file, edited(flags.file, withToken(text, entry)));
  });
  const types = entry.types ?? TYPES_DEFAULT;
  if (flags.json) return out.json({ name, sources: flags.source, types, expires: entry.expires ?? null, token });
  out.note(`token '${name}' may send ${types.join(', ')} from ${flags.source.map((source) => brief(source)).join(', ')}`);
  out.note('it is shown only now; give it to the host as Authorization: Bearer TOKEN');
  out.line(token);
}

function entryOf(name: string, sha256: string, flags: MakeFlags): TokenEntry {
  const number = (option: string, value: string | undefined): number | undefined => {
    if (value === undefined) return undefined;
    if (!/^[1-9]\d{0,14}$/.test(value)) throw new UserError(`${option} '${brief(value, 20)}' is no positive whole number`);
    return Number(value);
  };
  const given = {
    types: flags.type,
    recordsPerSecond: number('--records-per-second', flags.recordsPerSecond),
    recordsBurst: number('--records-burst', flags.recordsBurst),
    bytesPerSecond: number('--bytes-per-second', flags.bytesPerSecond),
    bytesBurst: number('--bytes-burst', flags.bytesBurst),
    expires: flags.expires === undefined ? undefined : timeOf(flags.expires),
  };
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  // Whether it is right is for the file's own rules to say.
  return { name, sha256, sources: [...flags.source], ...set };
}

function timeOf(text: string): string {
  const time = Date.parse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
  if (Number.isNaN(time) || !/^\d{4}-\d\d-\d\d/.test(text))
    throw new UserError(`--expires '${brief(text, 40)}' is no date like 2027-01-31 or time like 2027-01-31T00:00:00Z`);
  return new Date(time).toISOString();
}

function list({ out, clock }: CliContext, { file, json = false }: FileFlags): void {
  const tokens = parsed(file, requireFile(file, textOf(file)));
  const rows = tokens.map((token) => ({
    name: token.name,
    sources: token.sources,
    types: token.types ?? [],
    recordsPerSecond: token.recordsPerSecond ?? null,
    bytesPerSecond: token.bytesPerSecond ?? null,
    expires: token.expires ?? null,
    isExpired: token.expires !== undefined && Date.parse(token.expires) <= clock.nowMs(),
  }));
  if (json) return out.json(rows);
  if (rows.length === 0) return out.note('no tokens');
  out.table(
    ['name', 'sources', 'types', 'records/s', 'bytes/s', 'expires'],
    rows.map(({ name, sources, types, recordsPerSecond, bytesPerSecond, expires, isExpired }) => [
      name,
      sources.join(' '),
      types.join(' '),
      recordsPerSecond ?? '-',
      bytesPerSecond ?? '-',
      expires === null ? '-' : `${expires}${isExpired ? ' (expired)' : ''}`,
    ]),
  );
}

function revoke({ out }: CliContext, name: string, { file, json }: FileFlags): void {
  requireFile(file, textOf(file));
  changing(file, () => {
    const result = withoutToken(requireFile(file, textOf(file)), name);
    if (result === null)
      throw new UserError(`${brief(file)} has no token '${brief(name)}'; see ntk tokens list --file ${brief(file)}`);
    replaceFile(file, edited(file, result));
  });
  if (json) return out.json({ name, isRevoked: true });
  out.note(`token '${brief(name)}' is revoked; a gateway that runs on ${brief(file)} stops accepting it within a second`);
}

function requireFile(file: string, text: string | null): string {
  if (text !== null) return text;
  throw new UserError(`there is no file of tokens '${brief(file)}'; ntk tokens make writes one`);
}

/** Two commands at once would each write what they read, and one of them would undo the other. */
function changing(file: string, change: () => void): void {
  const lock = tryLock(`${resolve(file)}.lock`);
  if ('heldBy' in lock) throw new UserError(`another command is changing ${brief(file)}; try again`);
  try {
    change();
  } finally {
    lock.release();
  }
}

function textOf(file: string): string | null {
  try {
    return readIfThere(file)?.toString('utf8') ?? null;
  } catch (error) {
    throw new UserError(`${brief(file)} cannot be read (${systemCodeInWords(error)})`);
  }
}

/** @throws UserError with the first problem and how many there are */
function parsed(file: string, text: string): readonly Token[] {
  const result = parseTokenFile(text);
  if (!result.ok) throw problem(file, result.problems);
  return result.tokens;
}

function edited(file: string, result: Edited): string {
  if (!result.ok) throw problem(file, result.problems);
  return result.text;
}

function problem(file: string, problems: readonly { readonly line: number; readonly message: string }[]): UserError {
  const [first] = problems;
  const others = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return new UserError(`${brief(file)}:${first?.line ?? 1}: ${brief(first?.message ?? '', PROBLEM_CHARS_MAX)}${others}`);
}
