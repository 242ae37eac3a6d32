import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Subject } from '../../../services/domain/checks/subject.ts';
import { sipKey } from '../../../services/domain/state/half-sip-hash.ts';
import { askLimits, type LimitCounts } from '../../../services/domain/limits/ask-limits.ts';
import { type CompiledLimit, compileLimit } from '../../../services/domain/limits/compiled-limit.ts';
import { parsePolicyDocument } from '../../../services/domain/policy/document.ts';
import { LimitTable } from '../../../services/domain/state/limit-table.ts';
import { ProgramTable } from '../../../services/domain/state/program-table.ts';
import { UserHash } from '../../../services/domain/state/user-hash.ts';

const MINUTE_US = 60_000_000;
const LATE_US = 5 * MINUTE_US;
const parsed = parsePolicyDocument({
  version: 'test',
  limits: [
    { name: 'program', key: ['program'], count: 1, per: '1m', burst: 6 },
    { name: 'user', key: ['program', 'user'], count: 2, per: '1m', burst: 1 },
    { name: 'seen', key: ['program', 'user'], count: 1, per: '4m', burst: 1, shadow: true },
    { name: 'rows', key: ['program'], count: 1, per: '30s', burst: 11, cost: 'rows' },
  ],
});
if (!parsed.ok) throw new Error('the policy of the test does not check');
const LIMITS = parsed.policy.limits.map(compileLimit);

interface Call {
  readonly user: 'u1' | 'u2';
  readonly rows: number;
  readonly timeUs: number;
  readonly isLive: boolean;
  readonly absentBeforeUs: number;
}

interface Answer {
  readonly refusal: { readonly name: string; readonly retryAfterMs: number; readonly aheadUs: number } | null;
  readonly late: boolean;
}

/** Whole minutes meet each limit at its edge. */
const timeUs = fc.tuple(fc.nat(24), fc.constantFrom(-1, 0, 0, 0, 1)).map(([minutes, us]) => (minutes + 1) * MINUTE_US + us);
const call: fc.Arbitrary<Call> = fc.record({
  user: fc.constantFrom('u1', 'u2'),
  rows: fc.nat(6),
  timeUs,
  isLive: fc.boolean(),
  absentBeforeUs: fc.oneof({ weight: 4, arbitrary: fc.constant(Number.NEGATIVE_INFINITY) }, timeUs),
});

const noCounts = (): LimitCounts => ({ refusals: new Map(), shadowRefusals: new Map(), near: new Map() });

/** Contracts.md section 2 and exact-rules.md section 6 as they are written, with a map of keys. */
class SlowLimits {
  readonly counts = noCounts();
  readonly keys = new Map<string, { tat: number; lastNow: number }>();

  ask({ user, rows, timeUs: eventTime, isLive, absentBeforeUs }: Call): Answer {
    let late = false;
    let refusal: Answer['refusal'] = null;
    const charges: (() => void)[] = [];
    for (const limit of LIMITS) {
      const name = nameOf(limit, user);
      const before = this.keys.get(name);
      const isAbsent = before === undefined || Math.max(before.tat, before.lastNow) < absentBeforeUs;
      const { tat, lastNow } = isAbsent ? { tat: 0, lastNow: 0 } : before;
      if (isLive && lastNow - eventTime > LATE_US) {
        late = true;
        continue;
      }
      const now = Math.max(eventTime, lastNow);
      const ahead = Math.max(tat, now) - now;
      const isRefused = ahead > limit.toleranceUs;
      if (!isRefused && limit.toleranceUs > 0 && ahead / limit.toleranceUs > 0.8) more(this.counts.near, limit);
      if (isRefused) more(limit.shadow ? this.counts.shadowRefusals : this.counts.refusals, limit);
      const aheadUs = ahead;
      const retryAfterMs = Math.ceil((ahead - limit.toleranceUs) / 1000);
      if (isRefused && !limit.shadow) refusal ??= { name: limit.name, retryAfterMs, aheadUs };
      this.keys.set(name, { tat, lastNow: now });
      const charged = Math.max(tat, now) + limit.intervalUs * (limit.cost === 'rows' ? rows : 1);
      const charge = (): void => void this.keys.set(name, { tat: charged, lastNow: now });
      if (!limit.shadow) charges.push(charge);
      else if (!isRefused) charge();
    }
    if (refusal === null) for (const charge of charges) charge();
    return { refusal, late };
  }
}

const nameOf = (limit: CompiledLimit, user: string): string => (limit.byUser ? `${limit.name} ${user}` : limit.name);
const more = (counts: Map<string, number>, { name }: CompiledLimit): void => void counts.set(name, (counts.get(name) ?? 0) + 1);

describe('the limits of a policy', () => {
  it('refuse, charge, remember and count as they are written down, for calls in any order, late ones and keys that are as absent', () => {
    const hash = new UserHash(sipKey(Buffer.alloc(16, 5)));
    fc.assert(
      fc.property(fc.array(call, { minLength: 1, maxLength: 60, size: 'max' }), (calls) => {
        const table = new LimitTable(sipKey(Buffer.alloc(16, 3)));
        const program = new ProgramTable().of('wx1');
        const counts = noCounts();
        const slow = new SlowLimits();
        for (const one of calls) {
          const { user, rows, timeUs: eventTimeUs, isLive, absentBeforeUs } = one;
          const access = { user, api: 'wx.getLocation', rows, bytes: 0, foreground: true };
          const subject = { access, program, className: 'food', category: 'location', eventTimeUs } as unknown as Subject;
          const userWords = hash.of(user);
          const { refusal, late } = askLimits(LIMITS, subject, { isLive, absentBeforeUs, userWords }, table, counts);
          const told = refusal && { ...refusal, name: refusal.limit.name, limit: undefined };
          expect({ refusal: told, late }).toEqual(slow.ask(one));
          for (const limit of LIMITS) {
            const slot = table.find(table.keyOf(program, limit, userWords, 'location', access.api));
            const held = slot === -1 ? undefined : { tat: table.tatUs(slot), lastNow: table.lastNowUs(slot) };
            expect(held).toEqual(slow.keys.get(nameOf(limit, user)));
          }
        }
        expect(counts).toEqual(slow.counts);
      }),
      { numRuns: 200 },
    );
  });
});
