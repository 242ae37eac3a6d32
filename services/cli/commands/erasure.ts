/** `ntk erasure`: users whose stored accesses and consents go, for good. */
import type { Readable } from 'node:stream';
import type { Command } from 'commander';
import { user as userSchema } from '../../../schemas/fields.ts';
import { REVIEW_WORDS_CHARS_MAX } from '../../domain/review/conclusions.ts';
import { publishErasures } from '../../system/facts/erasures.ts';
import { authorityOf, requireAuthoritySetting, signerFrom } from '../../system/opening/authority.ts';
import { UserError } from '../../system/user-error.ts';
import { counted } from '../../domain/wording/counted.ts';
import type { CliContext } from '../context.ts';
import { type JsonFlags, jsonOptions, type LogFlags, logOptions, type SigningFlags, signingOption } from '../options.ts';
import { confirm } from '../output/confirm.ts';
import { brief } from '../output/terminal.ts';
import { readBytes } from './policy-file.ts';

interface ErasureFlags extends LogFlags, JsonFlags, SigningFlags {
  readonly by?: string;
  readonly yes?: boolean;
}

/** Some million ids. */
const LIST_BYTES_MAX = 64 * 1024 * 1024;

export function registerErasure(program: Command, context: CliContext): void {
  jsonOptions(signingOption(logOptions(program.command('erasure'))))
    .argument('<file>', 'user ids as hosts name them, one a line; - for standard input')
    .option('--by <name>', 'who asks for it; default: who is logged in')
    .option('--yes', 'do not ask; where there is no terminal nobody is asked anyway')
    .description('erase users: their stored accesses so far, and their consents')
    .addHelpText(
      'after',
      `
Ids come from a file, because what is typed behind a command stays in histories and is seen by everybody on the machine. It reaches what
is stored and the state, not the log, which keeps what hosts sent for as long as it keeps anything.

Examples:
  ntk erasure users.txt
  ntk erasure - --signing-key privacy.key < users.txt`,
    )
    .action((file: string, flags: ErasureFlags) => erase(context, file, flags));
}

async function erase(context: CliContext, file: string, flags: ErasureFlags): Promise<void> {
  const { out, clock } = context;
  const by = flags.by ?? context.userName;
  if (by.length > REVIEW_WORDS_CHARS_MAX) throw new UserError(`--by has more than ${REVIEW_WORDS_CHARS_MAX} characters`);
  const users = usersIn(file === '-' ? await allOf(process.stdin) : await readBytes(file, 'list of users'), file);
  await context.withLog(flags, async (log, config) => {
    const authority = authorityOf(config);
    await requireAuthoritySetting(log, authority);
    const signer = signerFrom(flags.signingKey ?? config.signingKeyFile);
    if (!flags.yes && !(await isSure(users.length))) throw new UserError('nobody was erased');
    const bar = out.progress('erasing', 'users');
    const onAppended = (done: number): void => bar.update(done, users.length);
    try {
      await publishErasures(log, users, { by, nowMs: clock.nowMs(), authority, signer }, onAppended);
    } finally {
      bar.stop();
    }
    if (flags.json) out.json({ users: users.length, partitions: log.partitions, by });
    else
      out.line(
        `${counted(users.length, 'user')} to erase, said in ${counted(log.partitions, 'partition')}: it happens where the log is judged and stored`,
      );
  });
}

/** Each once. @throws UserError that names the line, and not what stands in it */
function usersIn(bytes: Buffer, file: string): string[] {
  const name = file === '-' ? 'standard input' : brief(file);
  if (bytes.length > LIST_BYTES_MAX) throw new UserError(`${name} has more than ${LIST_BYTES_MAX} bytes: give it in parts`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UserError(`${name} is no text in UTF-8`);
  }
  const users = new Set<string>();
  for (const [i, line] of text.split('\n').entries()) {
    const user = line.endsWith('\r') ? line.slice(0, -1) : line;
    if (user === '') continue;
    const problem = userSchema.safeParse(user).error?.issues[0]?.message;
    if (problem !== undefined) throw new UserError(`${name}:${i + 1}: a user id ${problem}`);
    users.add(user);
  }
  if (users.size === 0) throw new UserError(`${name} names no user: one id a line`);
  return [...users];
}

async function allOf(stream: Readable): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of stream as AsyncIterable<Buffer>) {
    pieces.push(piece);
    bytes += piece.length;
    // Enough to be refused.
    if (bytes > LIST_BYTES_MAX) break;
  }
  return Buffer.concat(pieces);
}

async function isSure(users: number): Promise<boolean> {
  const answer = await confirm(
    `The stored accesses and the consents of ${counted(users, 'user')} go, and cannot be had back. Erase? [y/N] `,
  );
  return answer ?? true;
}
