import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventHours, type Timed, WAITING_MAX } from '../../../services/domain/aggregation/event-hours.ts';

function hoursOf(accesses: readonly Timed[]): { seen: Timed[]; closed: (readonly [number, number])[]; hours: EventHours<Timed> } {
  const seen: Timed[] = [];
  const closed: (readonly [number, number])[] = [];
  const hours = new EventHours<Timed>({ onAccess: (one) => seen.push(one), onHour: (at, next) => closed.push([at, next]) });
  for (const one of accesses) hours.take(one);
  return { seen, closed, hours };
}

const of = (hour: number, ...programs: string[]): Timed[] => programs.map((program) => ({ program, hour }));

describe('an hour of event time', () => {
  it('is over when three programs have gone on, and what they did meanwhile is seen after it', () => {
    const { seen, closed } = hoursOf([...of(10, 'a', 'b', 'c'), ...of(11, 'a'), ...of(10, 'b'), ...of(11, 'b', 'c')]);
    expect(closed).toEqual([[10, 11]]);
    expect(seen.map(({ hour }) => hour)).toEqual([10, 10, 10, 10, 11, 11, 11]);
  });

  it('is not over because one program has a clock of its own', () => {
    const { closed, hours } = hoursOf([...of(10, 'a', 'b', 'c'), ...of(2_000_000, 'a', 'a', 'a', 'a'), ...of(10, 'b', 'c')]);
    expect(closed).toEqual([]);
    expect(hours.current).toBe(10);
  });

  it('goes on for the others beside a record from the year 2200', () => {
    const { closed } = hoursOf([...of(10, 'a', 'b', 'c'), ...of(2_000_000, 'a'), ...of(11, 'b', 'c'), ...of(12, 'd', 'b', 'c')]);
    expect(closed.at(-1)).toEqual([11, 12]);
  });

  it('keeps no more than its limit waiting', () => {
    const { seen } = hoursOf([
      ...of(1, 'a', 'b', 'c'),
      ...Array.from({ length: WAITING_MAX + 5 }, () => ({ program: 'a', hour: 9 })),
    ]);
    expect(seen.length).toBe(3 + 5);
  });

  it('begins once each, whatever comes, and no access is lost or seen twice', () => {
    const some = fc.array(fc.record({ program: fc.constantFrom('a', 'b', 'c', 'd', 'e'), hour: fc.nat(40) }), { maxLength: 200 });
    fc.assert(
      fc.property(some, (accesses) => {
        const { seen, closed, hours } = hoursOf(accesses);
        const starts = closed.map(([, next]) => next);
        expect(starts).toEqual([...new Set(starts)].toSorted((a, b) => a - b));
        expect(new Set(seen).size).toBe(seen.length);
        // Those that wait are of later hours.
        const waiting = accesses.filter((one) => !seen.includes(one));
        expect(waiting.every(({ hour }) => hour > hours.current)).toBe(true);
      }),
    );
  });
});
