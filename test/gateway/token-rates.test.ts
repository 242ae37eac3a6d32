import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenRates } from '../../services/gateway/token-rates.ts';
import type { Token } from '../../services/gateway/tokens/token-file.ts';
import { TestClock } from './test-clock.ts';

const TOKEN: Token = { name: 't', sha256: '', sources: ['*'], types: null };

describe('the rate of a token', () => {
  it('lets a burst through and then says how long to wait', () => {
    const clock = new TestClock();
    const rates = new TokenRates(clock);
    const token = { ...TOKEN, recordsPerSecond: 10, recordsBurst: 5 };
    for (let i = 0; i < 5; i++) expect(rates.charge(token, { records: 1, bytes: 1 })).toBe(0);
    expect(rates.charge(token, { records: 1, bytes: 1 })).toBe(100);
    clock.advance(99);
    expect(rates.waitMs(token)).toBe(1);
    clock.advance(1);
    expect(rates.charge(token, { records: 1, bytes: 1 })).toBe(0);
  });

  it('may be one of bytes alone', () => {
    const clock = new TestClock();
    const rates = new TokenRates(clock);
    const token = { ...TOKEN, bytesPerSecond: 1_024, bytesBurst: 2_048 };
    expect(rates.charge(token, { records: 1, bytes: 4_096 })).toBe(0);
    expect(rates.charge(token, { records: 1, bytes: 1 })).toBe(3_000);
  });

  it('charges a request that is larger than the burst whole', () => {
    const clock = new TestClock();
    const rates = new TokenRates(clock);
    const token = { ...TOKEN, recordsPerSecond: 10, recordsBurst: 5 };
    expect(rates.charge(token, { records: 100, bytes: 1 })).toBe(0);
    expect(rates.waitMs(token)).toBe(9_600);
  });

  it('holds in the long run, whatever is sent when', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.array(fc.record({ afterMs: fc.nat(2_000), records: fc.integer({ min: 1, max: 20_000 }) }), { maxLength: 60 }),
        (recordsPerSecond, recordsBurst, requests) => {
          const clock = new TestClock();
          const rates = new TokenRates(clock);
          const token = { ...TOKEN, recordsPerSecond, recordsBurst };
          let passed = 0;
          let largest = 0;
          let passedMs = 0;
          for (const { afterMs, records } of requests) {
            clock.advance(afterMs);
            passedMs += afterMs;
            const waitMs = rates.charge(token, { records, bytes: 0 });
            if (waitMs === 0) {
              passed += records;
              largest = Math.max(largest, records);
            } else {
              expect(rates.waitMs(token)).toBe(waitMs);
            }
          }
          // The interval is a whole number of microseconds, so the rate is up to one half of one off.
          const interval = Math.max(1, Math.round(1_000_000 / recordsPerSecond));
          expect(passed).toBeLessThanOrEqual(recordsBurst + largest + (passedMs * 1_000) / interval + 1);
        },
      ),
    );
  });

  it('after the wait lets the same request through, and not a millisecond before', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50_000_000 }), fc.integer({ min: 1, max: 8_000_000 }), (bytesPerSecond, bytes) => {
        const clock = new TestClock();
        const rates = new TokenRates(clock);
        const token = { ...TOKEN, bytesPerSecond, bytesBurst: 1 };
        expect(rates.charge(token, { records: 1, bytes })).toBe(0);
        const waitMs = rates.charge(token, { records: 1, bytes });
        if (waitMs === 0) return;
        clock.advance(waitMs - 1);
        expect(rates.waitMs(token)).toBe(1);
        clock.advance(1);
        expect(rates.charge(token, { records: 1, bytes })).toBe(0);
      }),
    );
  });

  it('of bytes counts in whole KiB, beside that of records', () => {
    const clock = new TestClock();
    const rates = new TokenRates(clock);
    const token = { ...TOKEN, recordsPerSecond: 1_000, bytesPerSecond: 1_024, bytesBurst: 2_048 };
    for (const bytes of [1_024, 1]) expect(rates.charge(token, { records: 1, bytes })).toBe(0);
    expect(rates.charge(token, { records: 1, bytes: 1 })).toBe(1_000);
    clock.advance(1_000);
    expect(rates.charge(token, { records: 1, bytes: 1_025 })).toBe(0);
    expect(rates.waitMs(token)).toBe(2_000);
  });

  it('has ten seconds of it as its burst where the token names none', () => {
    const rates = new TokenRates(new TestClock());
    const token = { ...TOKEN, recordsPerSecond: 10 };
    for (let i = 0; i < 100; i++) expect(rates.charge(token, { records: 1, bytes: 1 })).toBe(0);
    expect(rates.charge(token, { records: 1, bytes: 1 })).toBe(100);
  });

  it('is forgotten with a token that is no more, and with no other', () => {
    const rates = new TokenRates(new TestClock());
    const [kept, gone] = ['kept', 'gone'].map((name) => ({ ...TOKEN, name, recordsPerSecond: 1, recordsBurst: 1 }));
    for (const token of [kept!, gone!]) rates.charge(token, { records: 5, bytes: 0 });
    rates.keep(new Set(['kept']));
    expect([rates.waitMs(kept!), rates.waitMs(gone!)]).toEqual([5_000, 0]);
  });

  it('is that of the token alone, and no rate is no limit', () => {
    const rates = new TokenRates(new TestClock());
    const slow = { ...TOKEN, name: 'slow', recordsPerSecond: 1, recordsBurst: 1 };
    rates.charge(slow, { records: 1_000, bytes: 0 });
    expect(rates.waitMs(slow)).toBeGreaterThan(0);
    expect(rates.charge({ ...slow, name: 'other' }, { records: 1, bytes: 0 })).toBe(0);
    for (let i = 0; i < 100; i++) expect(rates.charge(TOKEN, { records: 20_000, bytes: 8_000_000 })).toBe(0);
  });
});
