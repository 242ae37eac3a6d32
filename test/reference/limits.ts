/** Check 9: GCRA in integer microseconds (contracts.md section 2, exact-rules.md section 6). */
import { LIMIT_KEYS } from '../../schemas/codes.ts';
import type { Action } from '../../schemas/codes.ts';
import type { AccessInPlace } from './checks.ts';
import { intervalMicros } from './policy-document.ts';
import type { Limit, PolicyDocument } from './policy-document.ts';

export interface LimitState {
  tat: bigint;
  lastNow: bigint;
}
export interface Refusal {
  readonly limit: string;
  readonly retryAfterMs: number;
  /** The limit's own action; undefined: the one of `rate_limited`. */
  readonly action: Action | undefined;
}
/** Who asks: the program's states are keyed by limit, key names and values. */
export interface LimitAsker {
  readonly program: string;
  readonly programClass: string;
  readonly states: Map<string, LimitState>;
}

const TAT_MAX_MICROS = BigInt(Number.MAX_SAFE_INTEGER);

const isListed = (list: readonly string[] | undefined, member: string): boolean => list === undefined || list.includes(member);

function isMatched(limit: Limit, access: AccessInPlace, asker: LimitAsker): boolean {
  const { match = {} } = limit;
  return (
    isListed(match.categories, access.category) &&
    isListed(match.apis, access.data.api) &&
    isListed(match.programs, asker.program) &&
    isListed(match.classes, asker.programClass) &&
    (match.foreground === undefined || match.foreground === (access.data.foreground ?? true))
  );
}

/** The program is always part of the key: its states are its own. */
function stateKey(limit: Limit, access: AccessInPlace, program: string): string {
  const values = { program, user: access.data.user, category: access.category, api: access.data.api };
  const names = LIMIT_KEYS.filter((name) => name === 'program' || limit.key.includes(name));
  return JSON.stringify([limit.name, names.map((name) => [name, values[name]])]);
}

function costOf(limit: Limit, access: AccessInPlace): bigint {
  if (limit.cost === 'rows') return BigInt(access.data.rows ?? 1);
  return limit.cost === 'bytes' ? BigInt(access.data.bytes ?? 0) : 1n;
}

interface Asked {
  readonly limit: Limit;
  readonly state: LimitState;
  readonly tat: bigint;
  readonly excess: bigint;
}

function ask(limit: Limit, access: AccessInPlace, asker: LimitAsker): Asked {
  const key = stateKey(limit, access, asker.program);
  const state = asker.states.get(key) ?? { tat: 0n, lastNow: 0n };
  asker.states.set(key, state);
  const now = access.micros > state.lastNow ? access.micros : state.lastNow;
  state.lastNow = now;
  const tat = now > state.tat ? now : state.tat;
  const tolerance = intervalMicros(limit) * BigInt(limit.burst - 1);
  return { limit, state, tat, excess: tat - now - tolerance };
}

function charge({ limit, state, tat }: Asked, access: AccessInPlace): void {
  const next = tat + intervalMicros(limit) * costOf(limit, access);
  state.tat = next < TAT_MAX_MICROS ? next : TAT_MAX_MICROS;
}

/** Asks every limit that matches, charges what is to be charged, and names the first that refused; and all that refused. */
export function askLimits(
  policy: PolicyDocument,
  access: AccessInPlace,
  asker: LimitAsker,
): { readonly refusal: Refusal | undefined; readonly refusing: readonly Limit[] } {
  const asked = (policy.limits ?? [])
    .filter((limit) => isMatched(limit, access, asker))
    .map((limit) => ask(limit, access, asker));
  const acting = asked.filter(({ limit }) => limit.shadow !== true);
  const refused = acting.find(({ excess }) => excess > 0n);
  for (const each of asked) {
    const isCharged = each.limit.shadow === true ? each.excess <= 0n : refused === undefined;
    if (isCharged) charge(each, access);
  }
  const refusing = asked.filter(({ excess }) => excess > 0n).map(({ limit }) => limit);
  if (refused === undefined) return { refusal: undefined, refusing };
  const { limit, excess } = refused;
  return { refusal: { limit: limit.name, retryAfterMs: Number((excess + 999n) / 1000n), action: limit.action }, refusing };
}
