/**
 * Going on where records were lost outside before they could be judged, or before the state could be folded again (docs/gaps.md):
 * 1. without owning anything, look whether exactly what was named is lost: a mistyped number must not fence a scorer at work;
 * 2. make the state as far as it can be had, and begin the chain over the rows anew: this may take long;
 * 3. claim the partition, and see that nothing has changed since: only now does nobody else write for it;
 * 4. in one transaction: the gap's entry, a complete checkpoint at its end, the position. A crash before leaves all as it was.
 * Records that are there are never dropped: the numbers have to be the ones that the refusal named.
 */
import type { AcceptedGap, BlockHeader } from '../../schemas/results/block.ts';
import { blocksOf, decodeBlock, encodeBlock } from '../domain/results/block.ts';
import { gapHeader } from '../domain/results/gap.ts';
import { chainAfterGap, chainFromLink, chainStart, RowChain } from '../domain/results/row-chain.ts';
import type { EventLog, Owner } from '../platform/log/event-log.ts';
import { readBatches } from '../platform/log/read-batches.ts';
import { arriveAt, type ArriveOptions, refold } from './arrive.ts';
import { acceptGapCommand, hashMismatch, logEnded, type LostRecords } from './partition-refused.ts';
import { readStanding, type Standing } from './take-partition.ts';

export interface AcceptGapOptions extends ArriveOptions {
  /** As the refusal named them. */
  readonly from: number;
  readonly to: number;
  readonly by: string;
  readonly reason: string;
  readonly clock: { nowMs(): number };
}

/** What an entry says of its gap. */
export type GapHeader = Pick<BlockHeader, 'partition' | 'first' | 'next' | 'gap' | 'scoredAtMs'>;

export type AcceptGapResult =
  /** `hasPolicy`: false when the policy was lost with the state, so that nothing is found until one is applied. */
  | { readonly status: 'accepted'; readonly header: BlockHeader; readonly hasPolicy: boolean }
  /** `remade`: its checkpoint was lost since, and the state was made again as far as it could be had. */
  | { readonly status: 'already_accepted'; readonly header: GapHeader; readonly remade?: Pick<LostRecords, 'stateFrom'> }
  /** `why` is one line; nothing was changed. */
  | { readonly status: 'refused'; readonly why: string }
  | { readonly status: 'fenced' };

/** Whether it can be accepted, without claiming anything. Null: it can. @throws PartitionRefused where no gap helps */
export async function checkGap(options: AcceptGapOptions): Promise<Exclude<AcceptGapResult, { status: 'accepted' }> | null> {
  const looked = await look(options);
  return 'status' in looked ? looked : null;
}

/** A scorer that waits for the partition to be mended claims it every ten seconds: it comes between once, hardly twice. */
const ATTEMPTS_MAX = 3;

/** @throws PartitionRefused where no gap helps: the log's end was lost, another engine, other rows */
export async function acceptGap(options: AcceptGapOptions): Promise<AcceptGapResult> {
  for (let attempt = 1; ; attempt++) {
    const result = await acceptOnce(options);
    if (result.status !== 'fenced' || attempt === ATTEMPTS_MAX) return result;
  }
}

async function acceptOnce(options: AcceptGapOptions): Promise<AcceptGapResult> {
  const { log, partition } = options;
  // 1.
  const looked = await look(options);
  if ('status' in looked) return looked;
  // 2.
  const header = await goBehind(options, looked);
  // 3. Whoever waits for the partition to be mended claims it now and then, so what takes long is done by now.
  const owner = await log.claim('scorer', partition);
  try {
    if (!(await isAsFound(options, looked))) return { status: 'refused', why: CHANGED };
    return await accept(options, owner, looked, header);
  } finally {
    await owner.release();
  }
}

const CHANGED = 'the log, or what was judged of it, changed meanwhile: nothing was accepted; try again';

async function isAsFound(options: AcceptGapOptions, { standing, lost }: Found): Promise<boolean> {
  const { log, partition } = options;
  const now = await readStanding(options);
  const { start } = await log.bounds('access', partition);
  return (
    now.position === standing.position &&
    now.entryHash === standing.entryHash &&
    now.checkpoints.newest?.offset === standing.checkpoints.newest?.offset &&
    start === lost.stateTo
  );
}

interface Found {
  readonly standing: Standing;
  readonly lost: LostRecords;
  readonly fold: Extract<Awaited<ReturnType<typeof arriveAt>>, { status: 'lost' }>['fold'];
  /** The entry of this very gap, where it ends what was judged: a second one would take its place in the ledger and tear the chain. */
  readonly known: BlockHeader | null;
}

async function look(options: AcceptGapOptions): Promise<Found | Exclude<AcceptGapResult, { status: 'accepted' }>> {
  const { log, partition, from, to } = options;
  const standing = await readStanding(options);
  const { position, rowsHash, checkpoints } = standing;
  const arrival = await arriveAt(position, checkpoints, options);
  if (arrival.status === 'ended') throw logEnded(partition, arrival.end, position);
  if (arrival.status === 'lost') {
    const { lost, fold } = arrival;
    if (lost.from === from && lost.to === to) {
      // Where a checkpoint stands at the position, the rows before it can still be held against it.
      if (lost.stateFrom === position && rowsHash !== null && fold.state.chain.hash !== rowsHash)
        throw hashMismatch(partition, position);
      return { standing, lost, fold, known: await lastEntryIf(log, partition, lost) };
    }
  }
  const header = await findAccepted(log, partition, from, to);
  if (header !== null) return { status: 'already_accepted', header };
  const why =
    arrival.status === 'lost'
      ? `offsets ${from} to ${to} of partition ${partition} are not what is lost; that would be: ${acceptGapCommand(partition, arrival.lost)}`
      : `partition ${partition} has lost nothing: offset ${position} is next, and the log has all it needs`;
  return { status: 'refused', why };
}

const READ = { maxRecords: 64, maxBytes: 16 * 1024 * 1024 };

/** The entry of a gap that was accepted before, among the blocks that the log still has. */
async function findAccepted(log: EventLog, partition: number, from: number, to: number): Promise<BlockHeader | null> {
  for await (const batch of readBatches(log, 'results', partition, READ)) {
    for (const { header } of blocksOf(batch))
      if (header.gap !== undefined && header.first === from && header.next === to) return header;
  }
  return null;
}

async function lastEntryIf(log: EventLog, partition: number, { from, to, stateTo }: LostRecords): Promise<BlockHeader | null> {
  const last = await log.last('results', partition);
  const header = last === null ? null : decodeBlock(last.value).header;
  return header?.gap?.stateTo === stateTo && header.first === from && header.next === to ? header : null;
}

/** Brings the state behind the gap, and answers the gap's entry. */
async function goBehind(options: AcceptGapOptions, { standing, lost, fold, known }: Found): Promise<BlockHeader> {
  const { log, partition, by, reason, clock } = options;
  const gap: AcceptedGap = { stateFrom: lost.stateFrom, stateTo: lost.stateTo, by, reason };
  const rowsHashBefore = standing.rowsHash ?? chainStart(log.logId, partition).link.toString('hex');
  fold.state.position = lost.stateTo;
  // What the log still has of the judged records goes into the state; their verdicts stand already.
  if ((await refold(fold, lost.to, options)) === null) throw logEnded(partition, fold.state.position, lost.to);
  if (known !== null) {
    fold.state.chain = new RowChain(chainFromLink(Buffer.from(known.rowsHash, 'hex')));
    return known;
  }
  fold.state.chain = new RowChain(chainAfterGap(rowsHashBefore, lost.to, gap));
  return gapHeader({
    logId: log.logId,
    partition,
    first: lost.from,
    next: lost.to,
    gap,
    acceptedAtMs: clock.nowMs(),
    authority: fold.authorityMark,
    rowsHashBefore,
    entryHashBefore: standing.entryHash,
  });
}

async function accept(
  { partition }: AcceptGapOptions,
  owner: Owner,
  { standing: { checkpoints }, lost, fold, known }: Found,
  header: BlockHeader,
): Promise<AcceptGapResult> {
  checkpoints.beginBehindGap(fold, header);
  const { puts } = checkpoints.pages(fold, () => true);
  puts.push(...checkpoints.finish(fold, header.scoredAtMs, lost.stateTo));
  const result = await owner.commit({
    appends: known === null ? [{ stream: 'results', partition, values: [encodeBlock({ header, rows: Buffer.alloc(0) })] }] : [],
    puts,
    position: { consumer: 'scorer', partition, offset: lost.to, note: '' },
  });
  if (result.status === 'fenced') return { status: 'fenced' };
  if (known !== null) return { status: 'already_accepted', header, remade: { stateFrom: lost.stateFrom } };
  return { status: 'accepted', header, hasPolicy: fold.state.hasPolicy };
}
