/**
 * One partition: reads a batch, folds it, and in one transaction appends the block, the verdicts, the rejects, now and then
 * a checkpoint, and its position. After any error the state is thrown away with the ownership, and taken anew.
 */
import type { Clock } from '../platform/clock.ts';
import { encodeBlock } from '../domain/results/block.ts';
import type { BatchOutcome } from '../domain/fold/batch-outcome.ts';
import type { Append, Put, RecordBatch } from '../platform/log/event-log.ts';
import { takePartition, type TakenPartition, type TakeOptions } from './take-partition.ts';

export interface PartitionScorerOptions extends TakeOptions {
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs' | 'turn'>;
  readonly checkpointRecords: number;
  readonly checkpointIntervalMs: number;
}

/**
 * A batch is folded in slices of so many records, or of so long. In between the other partitions of this process and the answers of brokers
 * have their turn, so that one partition with a long backlog does not make the verdicts of the others wait for a whole batch.
 */
const SLICE_RECORDS_MAX = 256;
const SLICE_MS = 2;
/** Records between two looks at the clock. While a checkpoint is under way each may change pages that have to be encoded first, and takes long. */
const PIECE_RECORDS = 16;
/** Pages of a checkpoint are made in slices, too. */
const CHECKPOINT_SLICE_MS = 2;
/**
 * Slices that a batch waits for: one, and another one for each so many records, since verdicts of a small batch are soon there and those of a
 * backlog are late anyway.
 */
const RECORDS_A_CHECKPOINT_SLICE = 1_024;
/** Slices where there is nothing to judge, so that nothing waits. */
const CHECKPOINT_SLICES_IDLE = 5;
/**
 * Partitions that are taken together would all write their checkpoints at once, each time. Multiples of the golden ratio spread any number of
 * them evenly (Knuth, The Art of Computer Programming 6.4, theorem S).
 */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;
/** Pages of one transaction when a scorer stops: some megabytes. */
const PAGES_AT_ONCE_MAX = 128;

export type StepResult =
  | { readonly status: 'scored'; readonly outcomes: readonly BatchOutcome[] }
  /** Nothing to read. */
  | { readonly status: 'idle' }
  /** Somebody else has the partition now. */
  | { readonly status: 'fenced' };

export class PartitionScorer {
  readonly #options: PartitionScorerOptions;
  readonly #taken: TakenPartition;
  #position: number;
  #entryHash: string;
  #foldedSinceCheckpoint: number;
  /** When the next checkpoint is due: after so many records, or at that time if any were judged. */
  #due: { readonly records: number; readonly atMs: number };
  readonly #takenAtMs: number;
  /** The batch that was committed last: its memory serves the next one. */
  #spent: { readonly batch: RecordBatch; readonly block: Buffer } | null = null;

  private constructor(options: PartitionScorerOptions, taken: TakenPartition) {
    this.#options = options;
    this.#taken = taken;
    this.#position = taken.fold.state.position;
    this.#entryHash = taken.entryHash;
    this.#takenAtMs = options.clock.nowMs();
    this.#foldedSinceCheckpoint = taken.refolded;
    this.#due = this.#dueAfter(1 - ((options.partition * GOLDEN_RATIO) % 1));
  }

  /** After a part of the usual interval. */
  #dueAfter(part: number): { readonly records: number; readonly atMs: number } {
    const { clock, checkpointRecords, checkpointIntervalMs } = this.#options;
    return { records: Math.ceil(part * checkpointRecords), atMs: clock.nowMs() + Math.ceil(part * checkpointIntervalMs) };
  }

  /** @throws PartitionRefused when somebody has to do something first */
  static async take(options: PartitionScorerOptions): Promise<PartitionScorer> {
    return new PartitionScorer(options, await takePartition(options));
  }

  get partition(): number {
    return this.#options.partition;
  }

  /** Records that were folded again in silence when the partition was taken. */
  get refolded(): number {
    return this.#taken.refolded;
  }

  get hasPositionMismatch(): boolean {
    return this.#taken.hasPositionMismatch;
  }

  /** Next offset to judge. While a batch is judged and not committed yet, its beginning. */
  get position(): number {
    return this.#position;
  }

  get state(): TakenPartition['fold']['state'] {
    return this.#taken.fold.state;
  }

  /** Since the newest checkpoint was complete, milliseconds; 0 where it has all that was judged. */
  checkpointAgeMs(): number {
    if (this.#foldedSinceCheckpoint === 0 && !this.#taken.checkpoints.isUnderWay) return 0;
    return this.#options.clock.nowMs() - (this.#taken.checkpoints.newest?.writtenAtMs ?? this.#takenAtMs);
  }

  /** Judges the next batch. Errors leave this scorer unusable: drop it and take the partition again. */
  async step(): Promise<StepResult> {
    const { log, partition, batchRecordsMax, batchBytesMax } = this.#options;
    const { fold, owner } = this.#taken;
    const batch = await log.read('access', partition, fold.state.position, {
      maxRecords: batchRecordsMax,
      maxBytes: batchBytesMax,
      recycled: this.#spent?.batch ?? null,
    });
    if (batch.nextOffset === fold.state.position) return this.#idle();
    // Unpacking so many took its time; others have their turn before judging begins.
    if (batch.count > SLICE_RECORDS_MAX) await this.#options.clock.turn();

    const outcomes = await this.#fold(batch, this.#spent?.block ?? null);
    this.#spent = null;
    const { puts, isManifest } = await this.#checkpointPuts(Math.ceil(batch.count / RECORDS_A_CHECKPOINT_SLICE));
    const appends = this.#appends(outcomes);
    const result = await owner.commit({
      appends,
      puts,
      position: { consumer: 'scorer', partition, offset: fold.state.position, note: '' },
    });
    if (result.status === 'fenced') return { status: 'fenced' };
    this.#position = fold.state.position;
    if (outcomes.length > 0) this.#spent = { batch, block: outcomes[0]!.block };
    if (isManifest) this.#taken.checkpoints.committed();
    return { status: 'scored', outcomes: outcomes.map(({ outcome }) => outcome) };
  }

  /** One outcome a block; more than one where the rows are too many for a record of the log. */
  async #fold(batch: RecordBatch, spent: Buffer | null): Promise<{ readonly outcome: BatchOutcome; readonly block: Buffer }[]> {
    const { fold } = this.#taken;
    const { clock } = this.#options;
    const scoredAtMs = clock.nowMs();
    const outcomes: { outcome: BatchOutcome; block: Buffer }[] = [];
    while (fold.state.position < batch.nextOffset) {
      const folding = fold.folding(batch, scoredAtMs, PIECE_RECORDS);
      let outcome: BatchOutcome | null;
      while ((outcome = this.#slice(folding)) === null) await clock.turn();
      const header = outcome.header(this.#entryHash);
      outcomes.push({
        outcome,
        block: encodeBlock({ header, rows: outcome.rows.written() }, outcomes.length === 0 ? spent : null),
      });
      this.#entryHash = header.entryHash;
      this.#foldedSinceCheckpoint += outcome.records;
    }
    return outcomes;
  }

  /** Folds for a moment, a piece at least; null while there is more of the batch. */
  #slice(folding: Generator<undefined, BatchOutcome>): BatchOutcome | null {
    const { clock } = this.#options;
    const startedMs = clock.monotonicMs();
    let records = 0;
    do {
      const folded = folding.next();
      if (folded.done === true) return folded.value;
      records += PIECE_RECORDS;
    } while (records < SLICE_RECORDS_MAX && clock.monotonicMs() - startedMs < SLICE_MS);
    return null;
  }

  #appends(outcomes: readonly { readonly outcome: BatchOutcome; readonly block: Buffer }[]): Append[] {
    const { partition } = this.#options;
    const appends: Append[] = [{ stream: 'results', partition, values: outcomes.map(({ block }) => block) }];
    const verdicts = outcomes.flatMap(({ outcome }) => outcome.verdicts);
    const rejected = outcomes.flatMap(({ outcome }) => outcome.rejected);
    const keys = outcomes.flatMap(({ outcome }) => outcome.verdictPrograms);
    if (verdicts.length > 0) appends.push({ stream: 'verdicts', partition, values: verdicts.map(utf8), keys });
    if (rejected.length > 0) appends.push({ stream: 'rejects', partition, values: rejected.map(utf8) });
    return appends;
  }

  /** Without new records a checkpoint under way is still brought to its end. */
  async #idle(): Promise<StepResult> {
    const { puts, isManifest } = await this.#checkpointPuts(CHECKPOINT_SLICES_IDLE);
    if (puts.length === 0) return { status: 'idle' };
    const result = await this.#taken.owner.commit({ puts });
    if (result.status === 'fenced') return { status: 'fenced' };
    if (isManifest) this.#taken.checkpoints.committed();
    return { status: 'idle' };
  }

  async #checkpointPuts(slicesMax: number): Promise<{ puts: Put[]; isManifest: boolean }> {
    if (!this.#taken.checkpoints.isUnderWay) {
      const isDue =
        this.#foldedSinceCheckpoint >= this.#due.records ||
        (this.#foldedSinceCheckpoint > 0 && this.#options.clock.nowMs() >= this.#due.atMs);
      if (!isDue) return { puts: [], isManifest: false };
      this.#begin();
    }
    return this.#take({ slicesMax });
  }

  #begin(): void {
    this.#taken.checkpoints.begin(this.#taken.fold, this.#entryHash);
    this.#foldedSinceCheckpoint = 0;
    this.#due = this.#dueAfter(1);
  }

  /** Pages of the checkpoint under way, up to one of the limits, and the manifest behind the last. */
  async #take({ slicesMax = Number.POSITIVE_INFINITY, pagesMax = Number.POSITIVE_INFINITY }): Promise<{
    puts: Put[];
    isManifest: boolean;
  }> {
    const { log, clock, partition } = this.#options;
    const { fold, checkpoints } = this.#taken;
    const puts: Put[] = [];
    let pages = 0;
    for (let slices = 1; ; slices++) {
      const startedMs = clock.monotonicMs();
      const slice = checkpoints.pages(fold, () => ++pages < pagesMax && clock.monotonicMs() - startedMs < CHECKPOINT_SLICE_MS);
      puts.push(...slice.puts);
      if (slice.isNoneLeft) {
        const { start } = await log.bounds('access', partition);
        puts.push(...checkpoints.finish(fold, clock.nowMs(), start));
        return { puts, isManifest: true };
      }
      if (slices >= slicesMax || pages >= pagesMax) return { puts, isManifest: false };
      await clock.turn();
    }
  }

  /**
   * A clean stop: a complete checkpoint at the end of the last block, then release. Another engine may start from it.
   */
  async stop(): Promise<void> {
    try {
      await this.#finishCheckpoint();
    } finally {
      await this.#taken.owner.release();
    }
  }

  async #finishCheckpoint(): Promise<void> {
    const { checkpoints, fold } = this.#taken;
    await this.#commitCheckpoint();
    if (fold.state.position === 0 || checkpoints.standsAt(fold.state.position)) return;
    this.#begin();
    await this.#commitCheckpoint();
  }

  /** The rest of the checkpoint under way, in transactions of some pages: all of a large state at once would be as much memory again. */
  async #commitCheckpoint(): Promise<void> {
    const { owner, checkpoints } = this.#taken;
    while (checkpoints.isUnderWay) {
      const { puts, isManifest } = await this.#take({ pagesMax: PAGES_AT_ONCE_MAX });
      const { status } = await owner.commit({ puts });
      if (status === 'fenced') return;
      if (isManifest) checkpoints.committed();
    }
  }
}

function utf8(text: string): Buffer {
  return Buffer.from(text, 'utf8');
}
