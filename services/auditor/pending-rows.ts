/** Expected rows that wait to be compared with the stored ones, a range at a time. */
import type { BlockHeader } from '../../schemas/results/block.ts';
import { userOfRow } from '../domain/results/user-of-row.ts';
import type { LedgerAuditOptions, PartitionAudit } from './partition-audit.ts';
import { compareRows, type ExpectedRow, readStoredRows, type RowProblem, type RowRange } from './compare-rows.ts';

export const ROWS_PER_COMPARISON = 20_000;

/** Row i is `bytes[ends[i - 1], ends[i])` and came from `offsets[i]`. */
export interface RowsOfOffsets {
  readonly bytes: Buffer;
  readonly offsets: readonly number[];
  readonly ends: readonly number[];
}

export class PendingRows {
  readonly #options: LedgerAuditOptions;
  readonly #audit: PartitionAudit;
  /** By user: rows before this offset were erased. */
  readonly #erasedUpTo = new Map<string, number>();
  #rows: ExpectedRow[] = [];
  #erased = new Set<number>();
  #from: number;

  /** @param erasures of the whole range that is audited: a row is gone by right when its user had it erased later */
  constructor(options: LedgerAuditOptions, audit: PartitionAudit, erasures: BlockHeader['erasures'], from: number) {
    this.#options = options;
    this.#audit = audit;
    this.#from = from;
    for (const { offset, user } of erasures) this.#erasedUpTo.set(user, Math.max(offset, this.#erasedUpTo.get(user) ?? 0));
  }

  /** Keeps the bytes. */
  add({ bytes, offsets, ends }: RowsOfOffsets, scoredAtMs: number): void {
    // Whose rows they are matters only where somebody was erased.
    const isAnybodyErased = this.#erasedUpTo.size > 0;
    offsets.forEach((offset, i) => {
      const start = i === 0 ? 0 : ends[i - 1]!;
      if (isAnybodyErased && offset < (this.#erasedUpTo.get(userOfRow(bytes, start)) ?? 0)) this.#erased.add(offset);
      else this.#rows.push({ offset, bytes: bytes.subarray(start, ends[i]), scoredAtMs });
    });
  }

  async compareIfMany(to: number, mayMend: boolean): Promise<void> {
    if (this.#rows.length + this.#erased.size >= ROWS_PER_COMPARISON) await this.compare(to, mayMend);
  }

  /** What lies before is not looked at here: somebody else has, and nothing is pending. */
  goOnFrom(offset: number): void {
    this.#from = offset;
  }

  /**
   * All stored rows from the last comparison up to an offset.
   * @param mayMend whether these rows are known to be those that were judged: others are counted and left alone
   */
  async compare(to: number, mayMend: boolean): Promise<void> {
    if (to <= this.#from) return;
    const { log, warehouse, partition, onProblems } = this.#options;
    const range: RowRange = { logId: log.logId, partition, from: this.#from, to };
    const found = compareRows(this.#rows, await readStoredRows(warehouse, range, false));
    const problems = await this.#withoutErased(found);
    const notErased = new Set(problems.map(({ offset }) => offset).filter((offset) => this.#erased.has(offset)));
    for (const { kind, offset } of problems) if (!notErased.has(offset)) this.#audit[kind]++;
    this.#audit.notErased += notErased.size;
    this.#audit.erased += this.#erased.size - notErased.size + found.length - problems.length;
    if (mayMend && problems.length > 0) await onProblems?.(range, problems);
    this.#rows = [];
    this.#erased = new Set();
    this.#from = to;
  }
  /** Without rows that are gone because their users have them erased just now. */
  async #withoutErased(problems: readonly RowProblem[]): Promise<readonly RowProblem[]> {
    if (!problems.some(({ kind }) => kind === 'missing')) return problems;
    const below = (await this.#options.erasedMeanwhile?.()) ?? new Map<string, number>();
    if (below.size === 0) return problems;
    return problems.filter(
      ({ kind, offset, expected }) => kind !== 'missing' || offset >= (below.get(userOfRow(expected!.bytes, 0)) ?? 0),
    );
  }
}
