import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLabels, type LabelledWorld } from '../../services/domain/evaluation/labels-file.ts';
import { Chance } from '../../services/simulator/chance/chance.ts';
import { eventLines, labels } from './other-world/records.ts';
import { makeWorld } from './other-world/world.ts';
import { alarmsOf, sameForAll, score, thresholdsWithin } from './traffic-approaches/alarms.ts';
import { BUDGET, compare } from './traffic-approaches/compare.ts';
import { COUNT_TAIL, tailSurprise } from './traffic-approaches/count-tail.ts';
import { DAILY_CHANGE } from './traffic-approaches/daily-change.ts';
import { HOUR_MS, hourlyWorld, type HourlyWorld } from './traffic-approaches/hourly-world.ts';
import { TRAFFIC_APPROACHES } from './traffic-approaches/list.ts';
import { lord, type OnlineTest, saffron } from './traffic-approaches/online-fdr.ts';
import { PEOPLE_A_DAY } from './traffic-approaches/people-a-day.ts';
import { ranked } from './traffic-approaches/platform-ranks.ts';
import { SHARE_TAIL, shareSurprise } from './traffic-approaches/share-tail.ts';
import { judge, SURPRISE_REASONS, type Surprises, WARM_UP_HOURS } from './traffic-approaches/surprises.ts';
import { figures, kinds } from './traffic-approaches/table.ts';
import type { TrafficApproach } from './traffic-approaches/traffic-approach.ts';

const NO_INCIDENTS: LabelledWorld = { programs: 1, days: 1, incidents: [] };

async function madeUp(seed: number): Promise<HourlyWorld> {
  const options = { seed, programs: 4, days: 8, incidents: true, dispersion: 1 };
  const world = makeWorld(options);
  const read = readLabels(JSON.stringify(labels(options, world.incidents)));
  if (!read.ok) throw new Error(read.problem.message);
  return hourlyWorld(eventLines(world), read.world);
}

const DAY_START = Date.parse('2026-03-02T00:00:00Z');

function access(id: string, minutes: number, user: string, more: object = {}): string {
  const time = new Date(DAY_START + minutes * 60_000).toISOString();
  const data = { user, api: 'wx.getLocation', ...more };
  return JSON.stringify({ id, source: 'host', type: 'ntk.access', subject: 'p', time, data });
}

describe('hourly series of traffic', () => {
  it('count each event once, in the hour when it happened', async () => {
    const lines = [
      access('1', 5, 'ann'),
      access('2', 130, 'ann', { rows: 4 }),
      access('1', 5, 'ann'),
      access('3', 30, 'bob', { category: 'photos' }),
    ];
    const { programs, activeProgramDays } = await hourlyWorld(lines, NO_INCIDENTS);
    const [program] = programs;
    const counted = Object.fromEntries(program!.series.map(({ of, counts }) => [of, Array.from(counts.slice(0, 4))]));
    expect(counted).toEqual({
      accesses: [2, 0, 1, 0],
      location: [1, 0, 1, 0],
      photos: [1, 0, 0, 0],
      people: [2, 0, 1, 0],
      people_today: [2, 2, 2, 2],
      rows: [2, 0, 4, 0],
    });
    expect(activeProgramDays).toBe(1);
  });
});

/** One program with a week of 20 accesses an hour, half of them of its first category, and `last` in the hour after. */
function aWeekAndThen(last: { readonly accesses: number; readonly photos: number }): HourlyWorld {
  const hours = 7 * 24 + 1;
  const filled = (usual: number, then: number): Float32Array => new Float32Array(hours).fill(usual).fill(then, hours - 1);
  const accesses = filled(20, last.accesses);
  const series = [
    { of: 'accesses', counts: accesses },
    { of: 'photos', counts: filled(10, last.photos) },
  ];
  return {
    labels: NO_INCIDENTS,
    startMs: DAY_START,
    hours,
    programs: [{ id: 'p', firstHour: 0, accesses, series }],
    activeProgramDays: 8,
  };
}

function surpriseOfLast(approach: TrafficApproach, last: { readonly accesses: number; readonly photos: number }): number {
  return judge(aWeekAndThen(last), approach).plain.get('rate_above_baseline')![0]!.at(-1)!;
}

describe('approaches on hourly series', () => {
  it('tell a promotion from a program that suddenly wants photos only where shares are looked at', () => {
    const promotion = { accesses: 200, photos: 100 };
    const greedy = { accesses: 30, photos: 29 };
    expect(surpriseOfLast(COUNT_TAIL, promotion)).toBeGreaterThan(surpriseOfLast(COUNT_TAIL, greedy));
    expect(surpriseOfLast(DAILY_CHANGE, promotion)).toBeGreaterThan(surpriseOfLast(DAILY_CHANGE, greedy));
    expect(surpriseOfLast(SHARE_TAIL, promotion)).toBeLessThan(1);
    expect(surpriseOfLast(SHARE_TAIL, greedy)).toBeGreaterThan(3);
  });

  it('are never surprised by less than usual', () => {
    for (const approach of TRAFFIC_APPROACHES)
      expect([approach.name, surpriseOfLast(approach, { accesses: 5, photos: 2 })]).toEqual([approach.name, 0]);
  });

  it('count people of a day against the days before', () => {
    const approach = PEOPLE_A_DAY.start('people_today');
    const day = (people: number, index: number): number => approach.next(people, DAY_START + index * 24 * HOUR_MS, people);
    expect([10, 10, 10, 10, 30].map(day)).toEqual([0, 0, 0, 0, 2]);
  });

  it('have the tail of a geometric where the size is one', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 40, noNaN: true }), fc.integer({ min: 1, max: 300 }), (mean, count) => {
        expect(tailSurprise(count, mean, 1)).toBeCloseTo(-count * Math.log(mean / (mean + 1)), 4);
      }),
    );
  });

  it('have the tail of a uniform where the beta of shares is flat', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.double({ min: 0, max: 1, noNaN: true }), (total, part) => {
        const k = Math.round(part * total);
        expect(shareSurprise(k, total, 1 / 2, 1 / 3)).toBeCloseTo(-Math.log((total - k + 1) / (total + 1)), 5);
      }),
    );
  });
});

/** Programs whose surprises are exponential, each with its own draw: nothing ever happens. */
function quiet(programs: number, hours: number): { readonly world: HourlyWorld; readonly plain: Surprises } {
  const chance = new Chance(7);
  const of = (draw: () => number): Float32Array[] =>
    Array.from({ length: programs }, () => Float32Array.from({ length: hours }, draw));
  const plain = new Map(
    SURPRISE_REASONS.map((reason, i) => [reason, of(() => (i === 0 ? -Math.log(1 - chance.next()) : 0))] as const),
  );
  const list = Array.from({ length: programs }, (_, i) => ({
    id: `p${i}`,
    firstHour: 0,
    accesses: new Float32Array(hours).fill(9),
    series: [],
  }));
  const world: HourlyWorld = {
    labels: { programs, days: hours / 24, incidents: [] },
    startMs: DAY_START,
    hours,
    programs: list,
    activeProgramDays: 0,
  };
  return { world, plain };
}

describe('alarms', () => {
  it('of hours in a row are one episode, and after a quiet hour there are two', () => {
    const { world, plain } = quiet(1, 24);
    plain.get('rate_above_baseline')![0]!.fill(0).set([5, 5, 0, 0, 5]);
    const { episodes } = score([{ world, surprises: plain }], () => sameForAll(1));
    expect(episodes).toBe(2);
    expect(alarmsOf({ world, surprises: plain }, sameForAll(1))[0]!.timeUs).toBe((DAY_START + HOUR_MS) * 1000);
  });

  it('keep to the budget on the traffic that their thresholds are from', () => {
    const { world, plain } = quiet(200, 240);
    const judged = [{ world, surprises: plain }];
    const { value } = score(judged, () => thresholdsWithin(judged, 10)).falsePer1000ProgramDays;
    expect(value).toBeLessThanOrEqual(10);
    expect(value).toBeGreaterThan(8);
  });

  it('by rank in the platform come as often as their level says', () => {
    const { surprises } = ranked(quiet(400, 240));
    const judged = 400 * (240 - WARM_UP_HOURS - 24);
    const ranks = surprises.get('rate_above_baseline')!.flatMap((hours) => Array.from(hours.slice(WARM_UP_HOURS + 24)));
    for (const p of [0.1, 0.01, 0.001]) {
      const expected = judged * p;
      const beyond = ranks.filter((rank) => rank > -Math.log(p)).length;
      expect(Math.abs(beyond - expected)).toBeLessThan(5 * Math.sqrt(expected));
    }
  });
});

describe.each([['LORD++', lord] as const, ['SAFFRON', saffron] as const])('%s', (_, testOf) => {
  /** Uniform p-values with a tiny one every hundred, over `count` tests. */
  const stream = (test: OnlineTest, count: number, every: number): { found: number; wrong: number } => {
    const chance = new Chance(3);
    let [found, wrong] = [0, 0];
    for (let i = 1; i <= count; i++) {
      const isReal = i % every === 0;
      const p = isReal ? 1e-9 : chance.next();
      if (!test(p)) continue;
      if (isReal) found += 1;
      else wrong += 1;
    }
    return { found, wrong };
  };

  it('finds what is there and keeps false discoveries to their share', () => {
    const { found, wrong } = stream(testOf(0.1), 20_000, 100);
    expect(found).toBe(200);
    expect(wrong / (found + wrong)).toBeLessThan(0.15);
  });

  it('says next to nothing where nothing is there', () => {
    expect(stream(testOf(0.05), 20_000, Number.POSITIVE_INFINITY).wrong).toBeLessThanOrEqual(1);
  });

  it('never rejects the best of all ranks so far, once there are thousands', () => {
    const test = testOf(0.9);
    for (let n = 1; n < 5_000; n++) test(1);
    expect(test(1 / 5_000)).toBe(false);
  });
});

describe('the comparison', () => {
  it('has a row for each approach, each within the budget on the traffic of its thresholds', async () => {
    const worlds = [await madeUp(3)];
    const rows = TRAFFIC_APPROACHES.map((approach) =>
      compare(approach, [{ name: 'other', calibrate: worlds, evaluate: worlds }]),
    );
    for (const [index, all] of rows.entries()) {
      const row = all.find(({ name }) => name.startsWith(TRAFFIC_APPROACHES[index]!.name) && !name.includes('usually'))!;
      expect(row.score.falsePer1000ProgramDays.value).toBeLessThanOrEqual(BUDGET);
      for (const line of all.flatMap((one) => [figures(one), kinds(one)])) expect(line).not.toMatch(/NaN|undefined|Infinity/);
    }
    // What is found at fifty times the budget is found by surprise, not by chance.
    expect(rows.flat().some(({ richer }) => (richer.at(-1)?.all.found ?? 0) > 0)).toBe(true);
  });
});
