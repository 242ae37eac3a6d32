/**
 * Check 9 (exact-rules.md section 6): every matching limit is asked, in file order. If none refuses all are charged,
 * otherwise none is and the first that refused is named. A shadow limit is asked and charged by itself.
 */
import type { Subject } from '../checks/subject.ts';
import type { Access } from '../record/record.ts';
import { blankKey, type LimitKey, type LimitTable } from '../state/limit-table.ts';
import type { UserWords } from '../state/user-hash.ts';
import { type CompiledLimit, limitMatches } from './compiled-limit.ts';
import { aheadUs, chargedTatUs, retryAfterMs } from './gcra.ts';

/** In a live log an access this far behind the key's last `now` is not asked or charged. */
const LATE_US = 5 * 60 * 1_000_000;
const NEAR = 0.8;

/** What is counted about limits, by name. */
export interface LimitCounts {
  readonly refusals: Map<string, number>;
  readonly shadowRefusals: Map<string, number>;
  /** Over 80 % of the tolerance. */
  readonly near: Map<string, number>;
}

export interface LimitRefusal {
  readonly limit: CompiledLimit;
  readonly retryAfterMs: number;
  /** Microseconds by which the key was ahead. */
  readonly aheadUs: number;
}

/** What a limit has to know of how an access came in. */
export interface LimitCircumstances {
  /** In a live log: a key whose numbers are all earlier is as absent. `-Infinity` otherwise. */
  readonly absentBeforeUs: number;
  /** Whose access it is. */
  readonly userWords: UserWords;
  /** The record came in live: it may be too late for a limit. */
  readonly isLive: boolean;
}

export interface LimitAnswer {
  readonly refusal: LimitRefusal | null;
  readonly late: boolean;
}

/** A key that was asked, with what it will hold if charged. */
interface Asked {
  readonly key: LimitKey;
  slot: number;
  tatUs: number;
  nowUs: number;
  limit: CompiledLimit;
}

const NOTHING: LimitAnswer = { refusal: null, late: false };
/** Of the access that is asked about: the same objects for each, as many as the longest policy has limits. */
const ASKED: Asked[] = [];

export function askLimits(
  limits: readonly CompiledLimit[],
  subject: Subject,
  { absentBeforeUs, userWords, isLive }: LimitCircumstances,
  table: LimitTable,
  counts: LimitCounts,
): LimitAnswer {
  const { access, program, category, eventTimeUs } = subject;
  let asked = 0;
  let refusal: LimitRefusal | null = null;
  let late = false;
  for (const limit of limits) {
    if (!limitMatches(limit, subject)) continue;
    const one = (ASKED[asked] ??= { key: blankKey(), slot: -1, tatUs: 0, nowUs: 0, limit });
    const key = table.keyOf(program, limit, userWords, category, access.api, one.key);
    const slot = table.find(key);
    let tatUs = slot === -1 ? 0 : table.tatUs(slot);
    let lastNowUs = slot === -1 ? 0 : table.lastNowUs(slot);
    if (Math.max(tatUs, lastNowUs) < absentBeforeUs) tatUs = lastNowUs = 0;
    if (isLive && eventTimeUs < lastNowUs - LATE_US) {
      late = true;
      continue;
    }
    const nowUs = Math.max(eventTimeUs, lastNowUs);
    const ahead = aheadUs(tatUs, nowUs);
    const refuses = ahead > limit.toleranceUs;
    if (!refuses && limit.toleranceUs > 0 && ahead > NEAR * limit.toleranceUs) count(counts.near, limit.name);
    if (limit.shadow) {
      if (refuses) count(counts.shadowRefusals, limit.name);
      const tat = refuses ? tatUs : chargedTatUs(tatUs, nowUs, limit.intervalUs, costOf(limit, access));
      table.set(key, slot, tat, nowUs);
      continue;
    }
    if (refuses) {
      count(counts.refusals, limit.name);
      refusal ??= { limit, aheadUs: ahead, retryAfterMs: retryAfterMs(ahead, limit.toleranceUs) };
    }
    one.slot = slot;
    one.tatUs = tatUs;
    one.nowUs = nowUs;
    one.limit = limit;
    asked++;
  }
  charge(asked, refusal !== null, access, table);
  return refusal === null && !late ? NOTHING : { refusal, late };
}

/** The first `asked` keys: none of them when one refused, which then only remember when they were asked. */
function charge(asked: number, isRefused: boolean, access: Access, table: LimitTable): void {
  for (let i = 0; i < asked; i++) {
    const { key, slot, tatUs, nowUs, limit } = ASKED[i]!;
    const tat = isRefused ? tatUs : chargedTatUs(tatUs, nowUs, limit.intervalUs, costOf(limit, access));
    table.set(key, slot, tat, nowUs);
  }
}

function costOf(limit: CompiledLimit, access: Access): number {
  if (limit.cost === 'calls') return 1;
  return limit.cost === 'rows' ? access.rows : access.bytes;
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
