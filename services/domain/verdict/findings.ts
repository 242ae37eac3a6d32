/** What the checks found about one access, in the order of the checks. One instance serves all accesses of a partition. */
import { REASONS, type Reason } from '../../../schemas/codes.ts';

/** What a check compared: shown in evidence and explanations. Values come from the access and the declaration, never a user id. */
export interface Compared {
  readonly observed: Readonly<Record<string, unknown>>;
  readonly expected: Readonly<Record<string, unknown>>;
}

const INDEX = new Map<Reason, number>(REASONS.map((reason, index) => [reason, index]));

/** Index of a reason in REASONS. */
export function reasonIndex(reason: Reason): number {
  return INDEX.get(reason)!;
}

export class Findings {
  /** Indexes in REASONS. */
  readonly reasons: number[] = [];
  readonly compared: Compared[] = [];
  /** Parallel: the policy's action, and the one in effect; indexes in ACTIONS. */
  readonly actions: number[] = [];
  readonly effective: number[] = [];
  readonly modes: number[] = [];
  /** Highest of the actions, and of those in effect. */
  proposed = 0;
  verdict = 0;

  get count(): number {
    return this.reasons.length;
  }

  clear(): void {
    this.proposed = 0;
    this.verdict = 0;
    // Cutting an array gives its memory back: most accesses have no findings and need not pay for that.
    if (this.reasons.length === 0) return;
    this.reasons.length = 0;
    this.compared.length = 0;
    this.actions.length = 0;
    this.effective.length = 0;
    this.modes.length = 0;
  }

  add(reason: number, observed: Compared['observed'], expected: Compared['expected']): void {
    this.reasons.push(reason);
    this.compared.push({ observed, expected });
  }
}
