/** What may go wrong, how often, and how often it did. */
import type { Random } from '../reference/random.ts';

export const FAULT_KINDS = [
  // The log: a request that never arrives, one that is done and never answered, one that is done long after its caller gave it up.
  'commit_lost',
  'commit_unanswered',
  'commit_late',
  'claim_lost',
  'claim_unanswered',
  'claim_late',
  'read_failed',
  'read_short',
  'read_stale',
  'log_away',
  // The warehouse. A part of an insert is one month of it.
  'insert_lost',
  'insert_unanswered',
  'insert_late',
  'insert_partial',
  'erasure_lost',
  'erasure_unanswered',
  'warehouse_away',
  'tokens_forgotten',
  // Processes.
  'crash',
  'crash_in_commit',
  'crash_in_insert',
  'pause',
  'pause_in_commit',
  'two_owners',
  'hand_over',
  'swap',
  'assigned',
  // What lies in the log.
  'checkpoint_damaged',
  'checkpoint_in_pieces',
  'access_aged',
  'results_aged',
  'sent_twice',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Fate of a request. */
export type Fate = 'done' | 'lost' | 'unanswered' | 'late' | 'partial';
export type OperationKind = 'commit' | 'claim' | 'read' | 'insert' | 'erasure';

const FATES: Readonly<Record<OperationKind, Partial<Record<Exclude<Fate, 'done'>, number>>>> = {
  commit: { lost: 0.015, unanswered: 0.015, late: 0.01 },
  claim: { lost: 0.02, unanswered: 0.01, late: 0.01 },
  read: { lost: 0.004 },
  insert: { lost: 0.03, unanswered: 0.03, late: 0.02, partial: 0.02 },
  erasure: { lost: 0.1, unanswered: 0.1 },
};
const KIND_OF_READ = 'read_failed';

export class Faults {
  readonly counts = new Map<FaultKind, number>();
  /** Multiplies all rates: some schedules are calm, some are stormy; 0 when everything is healed. */
  intensity: number;
  isLogAway = false;
  isWarehouseAway = false;
  readonly #random: Random;
  readonly #without: ReadonlySet<FaultKind>;

  constructor(random: Random, without: ReadonlySet<FaultKind>) {
    this.#random = random;
    this.#without = without;
    this.intensity = random.pick([0, 0.3, 1, 1, 3]);
  }

  happened(kind: FaultKind): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }

  /** Asks chance, and counts it when it says yes. */
  strikes(kind: FaultKind, probability: number): boolean {
    if (!this.#random.chance(probability * this.intensity) || this.#without.has(kind)) return false;
    this.happened(kind);
    return true;
  }

  isOff(kind: FaultKind): boolean {
    return this.#without.has(kind) || this.intensity === 0;
  }

  fateOf(operation: OperationKind): Fate {
    const isAway = operation === 'insert' || operation === 'erasure' ? this.isWarehouseAway : this.isLogAway;
    if (isAway) return 'lost';
    let draw = this.#random.next();
    for (const [fate, rate] of Object.entries(FATES[operation]) as [Fate, number][]) {
      draw -= rate * this.intensity;
      if (draw >= 0) continue;
      const kind = operation === 'read' ? KIND_OF_READ : (`${operation}_${fate}` as FaultKind);
      if (this.#without.has(kind)) return 'done';
      this.happened(kind);
      return fate;
    }
    return 'done';
  }
}
