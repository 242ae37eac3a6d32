/** What the checks look at: one access with everything that is true about it at its place in the log. */
import type { CompiledPolicy } from '../policy/compiled.ts';
import type { Access } from '../record/record.ts';
import type { ProgramState } from '../state/program-table.ts';

export interface Subject {
  readonly access: Access;
  readonly program: ProgramState;
  /** The program's class at that place; see `classOf`. */
  readonly className: string;
  readonly policy: CompiledPolicy;
  /** Listed category: the access's own, else the catalogue's, else `unknown`. */
  readonly category: string;
  /** Its index in CATEGORIES. */
  readonly categoryIndex: number;
  /** See `isPersonal` in judged-category.ts. */
  readonly isPersonal: boolean;
  /** Event time of exact-rules.md section 1, microseconds since 1970. */
  readonly eventTimeUs: number;
}

/** ISO 8601 of microseconds since 1970, for evidence; `Infinity` is null. */
export function isoTime(us: number): string | null {
  return us === Number.POSITIVE_INFINITY ? null : new Date(Math.floor(us / 1000)).toISOString();
}
