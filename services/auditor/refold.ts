/**
 * Folds a partition's log again without writing anything: from its beginning, or from the newest checkpoint that lies before
 * what is asked for. What comes out must equal what is stored.
 */
import { PartitionFold } from '../domain/fold/fold.ts';
import { inputBelow } from '../domain/fold/input-below.ts';
import type { BatchOutcome, AccessOutput } from '../domain/fold/batch-outcome.ts';
import type { EventLog, RecordBatch } from '../platform/log/event-log.ts';

export interface RefoldOptions {
  readonly log: EventLog;
  readonly partition: number;
  readonly storedUser: (user: string) => string;
}

const READ = { maxRecords: 5_000, maxBytes: 4 * 1024 * 1024 };

export class Refold {
  readonly #options: RefoldOptions;
  readonly fold: PartitionFold;
  #batch: RecordBatch | null = null;

  constructor(options: RefoldOptions) {
    this.#options = options;
    const { log, partition, storedUser } = options;
    this.fold = new PartitionFold({ logId: log.logId, partition, partitions: log.partitions, storedUser });
  }

  get position(): number {
    return this.fold.state.position;
  }

  /**
   * Folds up to `next` (not included) in pieces of a few thousand records, each given to `onPiece`.
   * Answers false when the log ends before.
   */
  async upTo(
    next: number,
    onPiece: (piece: BatchOutcome) => void | Promise<void>,
    onAccess?: (output: AccessOutput) => void,
  ): Promise<boolean> {
    while (this.position < next) {
      const batch = await this.#read();
      const part = inputBelow(batch, next);
      if (part.nextOffset <= this.position) return false;
      await onPiece(this.fold.fold(part, 0, onAccess));
    }
    return true;
  }

  /** A batch is kept until all of it is folded: pieces end where blocks did, not where reads do. */
  async #read(): Promise<RecordBatch> {
    if (this.#batch === null || this.#batch.nextOffset <= this.position) {
      this.#batch = await this.#options.log.read('access', this.#options.partition, this.position, READ);
    }
    return this.#batch;
  }
}
