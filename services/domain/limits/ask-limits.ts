/**
 * Check 9 (exact-rules.md section 6): every matching limit is asked, in file order. If none refuses all are charged,
 * otherwise none is and the first that refused is named. A shadow limit is asked and charged by itself.
 */
import type { Access } from '../record/record.ts';
import type { LimitKey, LimitTable } from '../state/limit-table.ts';
import type { ProgramState } from '../state/program-table.ts';
import { type CompiledLimit, limitMatches, type LimitSubject } from './compiled-limit.ts';
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

export interface LimitQuestion {
  readonly access: Access;
  readonly program: ProgramState;
  readonly category: string;
  readonly subject: LimitSubject;
  readonly nowUs: number;
  /** In a live log: a key whose numbers are all earlier is as absent. `-Infinity` otherwise. */
  readonly absentBeforeUs: number;
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
  readonly slot: number;
  readonly tatUs: number;
  readonly nowUs: number;
  readonly limit: CompiledLimit;
}

const NOTHING: LimitAnswer = { refusal: null, late: false };

export function askLimits(
  limits: readonly CompiledLimit[],
  question: LimitQuestion,
  table: LimitTable,
  counts: LimitCounts,
): LimitAnswer {
  if (limits.length === 0) return NOTHING;
  const asked: Asked[] = [];
  let refusal: LimitRefusal | null = null;
  let late = false;
  for (const limit of limits) {
    if (!limitMatches(limit, question.subject)) continue;
    const key = table.keyOf(question.program, limit, question.access.user, question.category, question.access.api);
    const slot = table.find(key);
    let tatUs = slot === -1 ? 0 : table.tatUs(slot);
    let lastNowUs = slot === -1 ? 0 : table.lastNowUs(slot);
    if (Math.max(tatUs, lastNowUs) < question.absentBeforeUs) tatUs = lastNowUs = 0;
    if (question.isLive && question.nowUs < lastNowUs - LATE_US) {
      late = true;
      continue;
    }
    const nowUs = Math.max(question.nowUs, lastNowUs);
    const ahead = aheadUs(tatUs, nowUs);
    const refuses = ahead > limit.toleranceUs;
    if (!refuses && limit.toleranceUs > 0 && ahead > NEAR * limit.toleranceUs) count(counts.near, limit.name);
    if (limit.shadow) {
      if (refuses) count(counts.shadowRefusals, limit.name);
      const tat = refuses ? tatUs : chargedTatUs(tatUs, nowUs, limit.intervalUs, costOf(limit, question.access));
      table.set(key, slot, tat, nowUs);
      continue;
    }
    if (refuses) {
      count(counts.refusals, limit.name);
      refusal ??= { limit, aheadUs: ahead, retryAfterMs: retryAfterMs(ahead, limit.toleranceUs) };
    }
    asked.push({ key, slot, tatUs, nowUs, limit });
  }
  for (const { key, slot, tatUs, nowUs, limit } of asked) {
    const tat = refusal === null ? chargedTatUs(tatUs, nowUs, limit.intervalUs, costOf(limit, question.access)) : tatUs;
    table.set(key, slot, tat, nowUs);
  }
  return refusal === null && !late ? NOTHING : { refusal, late };
}

function costOf(limit: CompiledLimit, access: Access): number {
  if (limit.cost === 'calls') return 1;
  return limit.cost === 'rows' ? access.rows : access.bytes;
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
