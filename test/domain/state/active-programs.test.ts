/** How many programs were active lately, against counting them one by one. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ActivePrograms } from '../../../services/domain/state/active-programs.ts';

const HOUR_MS = 3_600_000;

describe('programs with an access in the last day', () => {
  test('are as many as there are when each is looked at, late accesses and all', () => {
    const accesses = fc.array(fc.record({ program: fc.nat(5), hours: fc.integer({ min: 0, max: 60 }), backHours: fc.nat(30) }), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(accesses, (all) => {
        const active = new ActivePrograms();
        const programs = Array.from({ length: 6 }, () => ({ activeHour: -1 }));
        const newest = new Map<number, number>();
        let nowMs = 500_000 * HOUR_MS;
        for (const { program, hours, backHours } of all) {
          nowMs += (hours / 20) * HOUR_MS;
          const atMs = nowMs - backHours * HOUR_MS;
          active.accessed(programs[program]!, atMs);
          newest.set(program, Math.max(newest.get(program) ?? 0, atMs));
          const from = Math.floor(nowMs / HOUR_MS) - 24;
          expect(active.lastDay(nowMs)).toBe([...newest.values()].filter((at) => Math.floor(at / HOUR_MS) >= from).length);
        }
      }),
    );
  });

  test('are none a day after the last', () => {
    const active = new ActivePrograms();
    active.accessed({ activeHour: -1 }, 10 * HOUR_MS);
    expect(active.lastDay(10 * HOUR_MS)).toBe(1);
    expect(active.lastDay(34.9 * HOUR_MS)).toBe(1);
    expect(active.lastDay(35 * HOUR_MS)).toBe(0);
  });
});
