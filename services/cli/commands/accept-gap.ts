/** `ntk accept-gap`: goes on where records were lost outside, and says so for good (docs/gaps.md). */
import type { Command } from 'commander';
import { type LedgerGap, readAcceptedGaps } from '../../platform/warehouse/accepted-gaps.ts';
import { acceptGap, type AcceptGapOptions, type AcceptGapResult, checkGap, type GapHeader } from '../../scorer/accept-gap.ts';
import type { Store } from '../../system/opening/store.ts';
import { UserError } from '../../system/user-error.ts';
import type { CliContext } from '../context.ts';
import { acceptLostBlocks } from '../../writer/accept-lost-blocks.ts';
import { writerStanding } from '../../writer/lost-blocks.ts';
import { jsonOptions, storeOptions, type StoreFlags } from '../options.ts';
import { refoldFrom } from './remake.ts';
import { confirm } from '../output/confirm.ts';
import { gapInWords } from '../output/gap-words.ts';
import { brief } from '../output/terminal.ts';

interface AcceptGapFlags extends StoreFlags {
  readonly by?: string;
  readonly reason: string;
  readonly yes?: boolean;
}

/** Both stand in every report from then on. */
const WORDS_CHARS_MAX = 500;

export function registerAcceptGap(program: Command, context: CliContext): void {
  jsonOptions(storeOptions(program.command('accept-gap')))
    .argument('<partition>', 'as the message that stopped it names it')
    .argument('<from>', 'first offset that is lost')
    .argument('<to>', 'first offset behind it')
    .description('go on where records were lost outside: a permanent entry in the ledger; reports then say complete: false')
    .option('--by <name>', 'who accepts it; default: who is logged in')
    .option('--reason <text>', 'what happened, for whoever reads the ledger', '')
    .option('--yes', 'do not ask; where there is no terminal nobody is asked anyway')
    .addHelpText(
      'after',
      `
Nothing that is still there is dropped: the numbers must be those that the scorer, or the writer, stopped with.

Examples:
  ntk accept-gap 3 120034 250000
  ntk accept-gap 3 120034 250000 --by anna --reason "disk of broker 2 lost, copy too old"`,
    )
    .action((partition: string, from: string, to: string, flags: AcceptGapFlags) =>
      run(context, { partition: whole('PARTITION', partition), from: whole('FROM', from), to: whole('TO', to) }, flags),
    );
}

interface Range {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

function whole(name: string, text: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new UserError(`${name} '${brief(text, 40)}' is no offset: a whole number, 0 or more`);
  return value;
}

async function run(context: CliContext, range: Range, flags: AcceptGapFlags): Promise<void> {
  const by = flags.by ?? context.userName;
  for (const [name, text] of Object.entries({ '--by': by, '--reason': flags.reason }))
    if (text.length > WORDS_CHARS_MAX) throw new UserError(`${name} has more than ${WORDS_CHARS_MAX} characters`);
  if (range.from > range.to) throw new UserError(`FROM ${range.from} is behind TO ${range.to}`);
  await context.withStore(flags, async (store) => {
    const options = await optionsOf(context, store, range, { by, reason: flags.reason });
    const isOfWriter = await isLostToWriter({ ...options, warehouse: store.warehouse }, context.clock.nowMs());
    const problem = isOfWriter ? null : await problemOf(options, store);
    if (problem !== null) return tell(context, problem, flags);
    if (!flags.yes && !(await isSure(range))) throw new UserError('nothing was accepted');
    const result = isOfWriter ? await acceptBlocks(options, store) : await acceptGap(options);
    return tell(context, result, flags);
  });
}

/** Whether these are blocks that were lost before they were stored. @throws UserError where the log has what is needed to remake them */
async function isLostToWriter(options: AcceptGapOptions & Pick<Store, 'warehouse'>, nowMs: number): Promise<boolean> {
  const { log, partition, from, to } = options;
  const standing = await writerStanding(log, partition);
  if (standing.from >= standing.to || standing.from !== from || standing.to !== to) return false;
  if ((await refoldFrom(log, options, partition, from, nowMs)) !== null)
    throw new UserError(
      `the log still has what offsets ${from} to ${to} of partition ${partition} were made from: run 'ntk repair'`,
    );
  return true;
}

async function acceptBlocks(options: AcceptGapOptions, { warehouse }: Store): Promise<AcceptGapResult> {
  const result = await acceptLostBlocks({ ...options, warehouse });
  if (result.status === 'not_lost') throw new UserError('somebody mended it meanwhile: nothing was accepted');
  return result.status === 'fenced' ? result : { ...result, hasPolicy: true };
}

/** Why it cannot be accepted, or that it was. Entries of lost blocks are in the ledger alone. */
async function problemOf(
  options: AcceptGapOptions,
  { warehouse, logId }: Store,
): Promise<Exclude<AcceptGapResult, { status: 'accepted' }> | null> {
  const problem = await checkGap(options);
  if (problem?.status !== 'refused') return problem;
  const { log, partition, from, to } = options;
  const known = (await readAcceptedGaps(warehouse, logId)).find(
    (gap) => gap.partition === partition && gap.from === from && gap.to === to,
  );
  if (known !== undefined) return { status: 'already_accepted', header: headerOf(known) };
  const standing = await writerStanding(log, partition);
  if (standing.from >= standing.to) return problem;
  return {
    status: 'refused',
    why: `${problem.why}; what is lost are blocks: ntk accept-gap ${partition} ${standing.from} ${standing.to}`,
  };
}

/** As the scorer reads. */
const READ = { batchRecordsMax: 5_000, batchBytesMax: 4 * 1024 * 1024 };

async function optionsOf(
  { clock }: CliContext,
  store: Store,
  range: Range,
  words: { readonly by: string; readonly reason: string },
): Promise<AcceptGapOptions> {
  const { log } = store;
  if (log === null) throw new UserError('the log is needed to see what is lost: give its data folder with --data DIR');
  if (range.partition >= log.partitions)
    throw new UserError(`there is no partition ${range.partition}: the log has ${log.partitions}, from 0 on`);
  return { log, storedUser: await store.storedUser(), authority: store.authority(), clock, ...READ, ...range, ...words };
}

/** In a script the command with its three numbers is the answer: any other than what was lost is refused. */
async function isSure({ partition, from, to }: Range): Promise<boolean> {
  const answer = await confirm(
    `Partition ${partition} goes on without what was lost (offsets ${from} to ${to}). This cannot be undone: a copy of the log could still be restored now. Accept? [y/N] `,
  );
  return answer ?? true;
}

function headerOf({ partition, from, to, acceptedAt, ...gap }: LedgerGap): GapHeader {
  return { partition, first: from, next: to, gap, scoredAtMs: Date.parse(acceptedAt) };
}

function tell({ out }: CliContext, result: AcceptGapResult, { json }: AcceptGapFlags): void {
  if (result.status === 'refused') throw new UserError(result.why);
  if (result.status === 'fenced') {
    throw new UserError('a scorer took the partition meanwhile: nothing was accepted; stop it, then try again');
  }
  const { header } = result;
  const remade = result.status === 'already_accepted' ? result.remade : undefined;
  if (json) {
    out.json({ status: result.status, ...entryOf(header), ...(remade === undefined ? {} : { remade }) });
    return;
  }
  if (result.status === 'already_accepted') {
    out.line(`accepted before: ${gapInWords(entryOf(header))}`);
    if (remade === undefined) return;
    out.line('its checkpoint was lost since: the state was made again, and the ledger keeps its one entry');
    if (remade.stateFrom < header.gap!.stateFrom)
      out.note(`the state now lacks the records from offset ${remade.stateFrom} on, which is more than the entry says`);
    return;
  }
  out.line(`accepted: ${gapInWords(entryOf(header))}`);
  out.line('what waits for it goes on by itself, what had ended is to be started again; reports say complete: false from now on');
  if (!result.hasPolicy) {
    out.note(
      `partition ${header.partition} has no policy, or has lost it: apply it with ntk policy apply FILE, until then nothing is found`,
    );
  } else if (header.gap!.stateFrom < header.gap!.stateTo) {
    out.note('a policy that was published among the lost records is lost with them: see ntk policy log, and apply it again');
  }
}

function entryOf({ partition, first, next, gap, scoredAtMs }: GapHeader) {
  return { partition, from: first, to: next, ...gap!, acceptedAt: new Date(scoredAtMs).toISOString() };
}
