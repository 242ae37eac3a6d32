/** A limit of the policy in the form that the fold asks. */
import { ACTIONS, LIMIT_KEYS, type LimitCost, type LimitKey } from '../../../schemas/codes.ts';
import type { Policy } from '../../../schemas/policy/policy.ts';
import type { Subject } from '../checks/subject.ts';
import { intervalUs, toleranceUs } from './gcra.ts';

export interface CompiledLimit {
  readonly name: string;
  /**
   * Whose state it is: name and key names. State stays when a new policy changes the numbers of that name
   * (exact-rules.md section 6).
   */
  readonly scope: string;
  /** The program is always part of the key; these are the others. */
  readonly byUser: boolean;
  readonly byCategory: boolean;
  readonly byApi: boolean;
  readonly categories: ReadonlySet<string> | null;
  readonly apis: ReadonlySet<string> | null;
  readonly programs: ReadonlySet<string> | null;
  readonly classes: ReadonlySet<string> | null;
  readonly foreground: boolean | null;
  readonly intervalUs: number;
  readonly toleranceUs: number;
  /** As written, for explanations. */
  readonly count: number;
  readonly per: string;
  readonly burst: number;
  readonly cost: LimitCost;
  readonly shadow: boolean;
  /** Index in ACTIONS; null: the action of `rate_limited`. */
  readonly action: number | null;
}

/** A list of a `match` as a set; null for an absent one, which matches everything. */
export function matchSet(list: readonly string[] | undefined): ReadonlySet<string> | null {
  return list === undefined ? null : new Set(list);
}

export function compileLimit(limit: Policy['limits'][number]): CompiledLimit {
  const has = (key: LimitKey): boolean => limit.key.includes(key);
  const interval = intervalUs(limit.perUs, limit.count);
  return {
    name: limit.name,
    scope: JSON.stringify([limit.name, LIMIT_KEYS.filter((key) => key !== 'program' && has(key))]),
    byUser: has('user'),
    byCategory: has('category'),
    byApi: has('api'),
    categories: matchSet(limit.match.categories),
    apis: matchSet(limit.match.apis),
    programs: matchSet(limit.match.programs),
    classes: matchSet(limit.match.classes),
    foreground: limit.match.foreground ?? null,
    intervalUs: interval,
    toleranceUs: toleranceUs(interval, limit.burst),
    count: limit.count,
    per: limit.per,
    burst: limit.burst,
    cost: limit.cost,
    shadow: limit.shadow,
    action: limit.action === undefined ? null : ACTIONS.indexOf(limit.action),
  };
}

/** Whether the limit matches; its categories were looked at before (CompiledPolicy.limitsByCategory). */
export function limitMatches(limit: CompiledLimit, { access, program, className }: Subject): boolean {
  return (
    (limit.foreground === null || limit.foreground === access.foreground) &&
    (limit.apis === null || limit.apis.has(access.api)) &&
    (limit.programs === null || limit.programs.has(program.id)) &&
    (limit.classes === null || limit.classes.has(className))
  );
}
