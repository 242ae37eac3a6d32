/**
 * SHA-256 chained over a partition's rows, the same whatever the batches were.
 *
 * Rows are taken in groups by their source offset (256 offsets a group). A closed group's link is
 * `SHA-256(link before || rows of the group)`; the hash at any place is that of the group so far, or the last link when
 * nothing follows it. So it costs one digest a group at speed, and at most one short group a batch otherwise.
 */
import { createHash } from 'node:crypto';
import type { AcceptedGap } from '../../../schemas/results/block.ts';

export const OFFSETS_PER_GROUP = 256;

export interface ChainState {
  readonly link: Buffer;
  /** Group that `pending` belongs to; -1 before the first row. */
  readonly group: number;
  readonly pending: Buffer;
}

export function chainStart(logId: string, partition: number): ChainState {
  const link = createHash('sha256').update(`ntk rows ${logId} ${partition}`).digest();
  return chainFromLink(link);
}

/**
 * How the chain goes on behind an accepted gap: what stood open before cannot be had from a hash, so a new chain begins, whose
 * first link names the hash before and what was lost. `next` is the offset behind the gap.
 */
export function chainAfterGap(rowsHashBefore: string, next: number, gap: Pick<AcceptedGap, 'stateFrom' | 'stateTo'>): ChainState {
  const text = `ntk rows after a gap ${rowsHashBefore} ${next} ${gap.stateFrom} ${gap.stateTo}`;
  return chainFromLink(createHash('sha256').update(text).digest());
}

/** The chain where it is a link: no group stands open. */
export function chainFromLink(link: Buffer): ChainState {
  return { link, group: -1, pending: Buffer.alloc(0) };
}

function digest(link: Buffer, pending: Buffer, more?: Buffer): Buffer {
  const hash = createHash('sha256').update(link).update(pending);
  return (more === undefined ? hash : hash.update(more)).digest();
}

export class RowChain {
  #link: Buffer;
  #group: number;
  /** Rows of the open group from earlier batches. */
  #pending: Buffer;

  constructor(state: ChainState) {
    this.#link = state.link;
    this.#group = state.group;
    this.#pending = state.pending;
  }

  get state(): ChainState {
    return { link: this.#link, group: this.#group, pending: this.#pending };
  }

  /**
   * Takes in the rows of a batch: row i is `rows[ends[i - 1], ends[i])` and came from `offsets[i]`. Copies what stays open.
   * Answers the hash up to here, hexadecimal.
   */
  extend(rows: Buffer, offsets: readonly number[], ends: readonly number[]): string {
    let from = 0;
    for (let i = 0; i < offsets.length; i++) {
      const group = Math.floor(offsets[i]! / OFFSETS_PER_GROUP);
      if (group === this.#group) continue;
      const start = i === 0 ? 0 : ends[i - 1]!;
      if (this.#pending.length > 0 || start > from) this.#link = digest(this.#link, this.#pending, rows.subarray(from, start));
      this.#pending = Buffer.alloc(0);
      this.#group = group;
      from = start;
    }
    const end = ends.at(-1) ?? 0;
    if (end > from) this.#pending = Buffer.concat([this.#pending, rows.subarray(from, end)]);
    return this.hash;
  }

  /** Hash up to here, hexadecimal. */
  get hash(): string {
    return (this.#pending.length === 0 ? this.#link : digest(this.#link, this.#pending)).toString('hex');
  }
}
