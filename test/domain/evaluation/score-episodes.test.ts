import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluationSchema } from '../../../schemas/report/evaluation.ts';
import { type Alarm, EPISODE_GAP_US, episodesOf } from '../../../services/domain/evaluation/episodes.ts';
import type { LabelledIncident, LabelledWorld } from '../../../services/domain/evaluation/labels-file.ts';
import { type Score, scoreWorlds } from '../../../services/domain/evaluation/score-episodes.ts';

const MINUTE = 60_000_000;
const HOUR = 60 * MINUTE;
/** Of the incident in most of these stories. */
const START = 1_000 * HOUR;
const END = START + 2 * HOUR;

let nextOffset = 0;
function alarm(timeUs: number, reasons: readonly string[] = ['rate_above_baseline'], more: Partial<Alarm> = {}): Alarm {
  return { program: 'wx1', partition: 2, offset: nextOffset++, timeUs, reasons, ...more };
}

function incident(more: Partial<LabelledIncident> = {}): LabelledIncident {
  const label = { id: 'i1', program: 'wx1', kind: 'rate_burst', category: 'location', startUs: START, endUs: END };
  return { ...label, strength: null, camouflaged: null, group: null, ...more };
}

function worldOf(...incidents: readonly LabelledIncident[]): LabelledWorld {
  return { programs: 10, days: 20, incidents };
}

function score(incidents: readonly LabelledIncident[], alarms: readonly Alarm[]): Score {
  return scoreWorlds([{ labels: worldOf(...incidents), alarms }]);
}

/** `found`, `false` episodes and all episodes. */
function told(alarms: readonly Alarm[], incidents: readonly LabelledIncident[] = [incident()]): [number, number, number] {
  const { all, falseEpisodes, episodes } = score(incidents, alarms);
  return [all.found, falseEpisodes, episodes];
}

describe('an episode', () => {
  test('goes on until there is nothing for an hour', () => {
    const together = [alarm(START), alarm(START + EPISODE_GAP_US - 1)];
    expect(episodesOf(together).get('wx1')).toHaveLength(1);
    const apart = [alarm(START), alarm(START + EPISODE_GAP_US)];
    expect(episodesOf(apart).get('wx1')).toHaveLength(2);
  });

  test('is named after its row with the smallest offset, and begins with its earliest', () => {
    const late = alarm(START, ['periodic_polling'], { offset: 90, eventId: 'late' });
    const prompt = alarm(START + MINUTE, ['rate_above_baseline'], { offset: 70, eventId: 'prompt' });
    expect(episodesOf([prompt, late]).get('wx1')).toEqual([
      {
        id: '2-70',
        program: 'wx1',
        startUs: START,
        endUs: START + MINUTE,
        results: 2,
        gainedUs: new Map([
          ['periodic_polling', START],
          ['rate_above_baseline', START + MINUTE],
        ]),
        eventId: 'late',
      },
    ]);
  });

  test('is made of results with a baseline reason only', () => {
    expect(episodesOf([alarm(START, ['rate_limited'])]).size).toBe(0);
    const mixed = [alarm(START, ['rate_limited', 'users_above_baseline'])];
    expect([...episodesOf(mixed).get('wx1')![0]!.gainedUs.keys()]).toEqual(['users_above_baseline']);
  });
});

describe('an incident is found', () => {
  test.each([
    ['at its first moment', START],
    ['within it', START + HOUR],
    ['at its end', END],
    ['an hour after its end', END + HOUR],
  ])('by an episode that starts %s', (_, timeUs) => {
    expect(told([alarm(timeUs)])).toEqual([1, 0, 1]);
  });

  test.each([
    ['just before it', START - 1],
    ['more than an hour after its end', END + HOUR + 1],
  ])('not by one that starts %s, which is false', (_, timeUs) => {
    expect(told([alarm(timeUs)])).toEqual([0, 1, 1]);
  });

  test('not by an episode of another program', () => {
    expect(told([alarm(START, undefined, { program: 'wx2' })])).toEqual([0, 1, 1]);
  });

  test('not by an episode that runs into it with what it had before', () => {
    expect(told([alarm(START - 30 * MINUTE), alarm(START + MINUTE)])).toEqual([0, 1, 1]);
  });

  test('by an episode that gains a reason in it, which was false when it started all the same', () => {
    const gaining = [alarm(START - 30 * MINUTE), alarm(START + MINUTE, ['rate_above_baseline', 'periodic_polling'])];
    expect(told(gaining)).toEqual([1, 1, 1]);
    expect(score([incident()], gaining).all.medianSecondsToDetection).toBe(60);
  });

  test('not by a reason that is gained after its stretch', () => {
    const steps = [-30, 0, 30, 60, 90, 120, 150, 180].map((minutes) => alarm(START + minutes * MINUTE));
    expect(told([...steps, alarm(END + HOUR + 1, ['periodic_polling'])])).toEqual([0, 1, 1]);
  });

  test('several times by one episode, where several incidents of a program lie over each other', () => {
    expect(told([alarm(START + MINUTE)], [incident(), incident({ id: 'i2', kind: 'volume' })])).toEqual([2, 0, 1]);
  });
});

describe('figures', () => {
  test('time to detection counts from the start to the first episode, and the median is over those found', () => {
    const incidents = [10, 20, 60].map((minutes, index) => incident({ id: `i${minutes}`, program: `p${index}`, kind: 'volume' }));
    const alarms = [10, 20, 60].flatMap((minutes, index) => [
      alarm(START + minutes * MINUTE, undefined, { program: `p${index}` }),
      alarm(END + MINUTE, undefined, { program: `p${index}` }),
    ]);
    const unseen = incident({ id: 'unseen', program: 'p9', kind: 'volume' });
    expect(score([...incidents, unseen], alarms).byKind).toEqual([
      { name: 'volume', incidents: 4, found: 3, recall: 0.75, medianSecondsToDetection: 20 * 60 },
    ]);
  });

  test('the rate of false episodes is over programs times days, with its exact interval', () => {
    const { falsePer1000ProgramDays: rate, precision, falsePer1000ActiveProgramDays } = score([], [alarm(START)]);
    expect(rate.value).toBe(5);
    expect(rate.low).toBeCloseTo(0.1266, 4);
    expect(rate.high).toBeCloseTo(27.858, 3);
    expect(precision).toBe(0);
    expect(falsePer1000ActiveProgramDays).toBeNull();
  });

  test('a fleet is found by any of its siblings, each of which counts by itself', () => {
    const sibling = (program: string, group: string) => incident({ id: program, program, kind: 'sibling_fleet', group });
    const siblings = [sibling('a', 'f1'), sibling('b', 'f1'), sibling('c', 'f2')];
    const one = score(siblings, [alarm(START, undefined, { program: 'b' })]);
    expect(one.fleets).toEqual({ fleets: 2, found: 1 });
    expect(one.byKind[0]).toMatchObject({ name: 'sibling_fleet', incidents: 3, found: 1 });
  });

  test('groups of the same name in two worlds are two fleets', () => {
    const labels = worldOf(incident({ kind: 'sibling_fleet', group: 'f1' }));
    const both = scoreWorlds([
      { labels, alarms: [alarm(START)], activeProgramDays: 150 },
      { labels, alarms: [alarm(START - HOUR)], activeProgramDays: 50 },
    ]);
    expect(both).toMatchObject({ worlds: 2, programs: 20, programDays: 400, fleets: { fleets: 2, found: 1 }, falseEpisodes: 1 });
    expect(both.falsePer1000ActiveProgramDays!.value).toBe(5);
    expect(both.missed.map(({ world, id }) => [world, id])).toEqual([[2, 'i1']]);
    expect(both.falseAlarms.map(({ world }) => world)).toEqual([2]);
  });

  test('recall is told by strength and by camouflage, those of no known name last, and where labels say neither not at all', () => {
    const labels: [Partial<LabelledIncident>, foundAfterMinutes: number | null][] = [
      [{ strength: 'weak', camouflaged: true }, null],
      [{ strength: 'medium', camouflaged: true }, 50],
      [{ strength: 'strong', camouflaged: false }, 10],
      [{ strength: 'strong' }, 40],
      [{ strength: 'tiny' }, 20],
      [{ strength: 'odd' }, null],
      [{}, null],
    ];
    const incidents = labels.map(([label], i) => incident({ id: `i${i}`, program: `p${i}`, ...label }));
    const alarms = labels.flatMap(([, minutes], i) =>
      minutes === null ? [] : [alarm(START + minutes * MINUTE, undefined, { program: `p${i}` })],
    );
    const scored = score(incidents, alarms);
    const told = (recalls: Score['byKind']): unknown[] =>
      recalls.map(({ name, incidents: of, found, medianSecondsToDetection: after }) => [name, found, of, after]);
    expect(told(scored.byStrength)).toEqual([
      ['weak', 0, 1, null],
      ['medium', 1, 1, 50 * 60],
      ['strong', 2, 2, 25 * 60],
      ['odd', 0, 1, null],
      ['tiny', 1, 1, 20 * 60],
    ]);
    expect(told(scored.byCamouflage)).toEqual([
      ['camouflaged', 1, 2, 50 * 60],
      ['open', 1, 1, 10 * 60],
    ]);
    expect(scored.mediumAndStrong).toMatchObject({ incidents: 3, found: 3, recall: 1, medianSecondsToDetection: 40 * 60 });
    expect(score([incident()], [])).toMatchObject({ mediumAndStrong: null, byStrength: [], byCamouflage: [] });
  });

  test('episodes are told by the reasons they gained, and which of them are false', () => {
    const alarms = [
      alarm(START, ['rate_above_baseline']),
      alarm(START + MINUTE, ['periodic_polling']),
      alarm(START - 9 * HOUR, ['periodic_polling']),
    ];
    expect(score([incident()], alarms).byReason).toEqual([
      { reason: 'rate_above_baseline', episodes: 1, falseEpisodes: 0 },
      { reason: 'periodic_polling', episodes: 2, falseEpisodes: 1 },
    ]);
  });

  test('what was missed and what was false is listed by world, then by time, whatever the order of the files', () => {
    const missed = [incident({ id: 'late', startUs: START + HOUR }), incident({ id: 'early' })];
    const wrong = ['b', 'a'].map((program, i) => alarm(START - (1 - i) * MINUTE, undefined, { program, offset: 7 - i }));
    const atOnce = alarm(START, undefined, { program: 'c', offset: 5 });
    const world = { labels: worldOf(...missed), alarms: [atOnce, ...wrong.toReversed()], activeProgramDays: 1 };
    const scored = scoreWorlds([world, world]);
    expect(scored.missed.map(({ world: of, id }) => `${of} ${id}`)).toEqual(['1 early', '1 late', '2 early', '2 late']);
    expect(scored.falseAlarms.map(({ world: of, episode }) => `${of} ${episode}`)).toEqual(
      [1, 2].flatMap((of) => [`${of} 2-7`, `${of} 2-5`, `${of} 2-6`]),
    );
    expect(scored.missed[0]).toMatchObject({ start: '1970-02-11T16:00:00.000Z', end: '1970-02-11T18:00:00.000Z' });
  });

  test('where nothing was labelled and nothing alarmed there is no recall and no precision', () => {
    expect(score([], [])).toMatchObject({
      all: { recall: null },
      mediumAndStrong: null,
      precision: null,
      byKind: [],
      byReason: [],
    });
  });
});

/** The rules once more, row by row, without episodes as objects: slow, and made from the page alone. */
function slowly(
  incidents: readonly LabelledIncident[],
  alarms: readonly Alarm[],
): { found: (number | null)[]; wrong: number; episodes: number } {
  const byTime = [...alarms].sort((a, b) => a.timeUs - b.timeUs);
  const before = (row: Alarm) => byTime.filter(({ program, timeUs }) => program === row.program && timeUs < row.timeUs);
  const isStart = (row: Alarm): boolean => before(row).every(({ timeUs }) => row.timeUs - timeUs >= 3_600_000_000);
  const startOf = (row: Alarm): number =>
    byTime.findLast((other) => other.program === row.program && other.timeUs <= row.timeUs && isStart(other))!.timeUs;
  const isIn = (timeUs: number, { startUs, endUs }: LabelledIncident) => startUs <= timeUs && timeUs <= endUs + 3_600_000_000;
  // Rows at one moment are of one episode.
  const starts = new Set(byTime.filter(isStart).map(({ program, timeUs }) => JSON.stringify([program, timeUs])));
  const found = incidents.map((one) => {
    const finding = byTime.filter((row) => {
      if (row.program !== one.program || !isIn(row.timeUs, one)) return false;
      const sameEpisode = before(row).filter(({ timeUs }) => timeUs >= startOf(row));
      const isNew = row.reasons.some((reason) => !sameEpisode.some(({ reasons }) => reasons.includes(reason)));
      return isIn(startOf(row), one) ? row.timeUs === startOf(row) : isNew;
    });
    return finding.length === 0 ? null : finding[0]!.timeUs - one.startUs;
  });
  const wrong = [...starts].filter((text) => {
    const [program, timeUs] = JSON.parse(text) as [string, number];
    return !incidents.some((one) => one.program === program && isIn(timeUs, one));
  });
  return { found, wrong: wrong.length, episodes: starts.size };
}

const arbitraryTime = fc.integer({ min: 0, max: 60 }).map((tens) => START + tens * 10 * MINUTE);
const arbitraryAlarm = fc.record({
  program: fc.constantFrom('a', 'b'),
  partition: fc.constant(0),
  offset: fc.nat(1000),
  timeUs: arbitraryTime,
  reasons: fc.uniqueArray(fc.constantFrom('rate_above_baseline', 'periodic_polling', 'users_above_baseline'), { minLength: 1 }),
});
const arbitraryIncident = fc
  .record({ program: fc.constantFrom('a', 'b'), startUs: arbitraryTime, tens: fc.integer({ min: 1, max: 20 }) })
  .map(({ program, startUs, tens }) => incident({ program, startUs, endUs: startUs + tens * 10 * MINUTE }));

/** Each of its own place in the log. */
const arbitraryAlarms = fc.uniqueArray(arbitraryAlarm, { maxLength: 25, selector: ({ offset }) => offset });

test('any alarms and incidents score as the page says, row by row, in whatever order they come', () => {
  fc.assert(
    fc.property(fc.array(arbitraryIncident, { maxLength: 5 }), arbitraryAlarms, (some, alarms) => {
      const incidents = some.map((one, index) => ({ ...one, id: `i${index}` }));
      const expected = slowly(incidents, alarms);
      const scored = score(incidents, alarms);
      expect([scored.all.found, scored.falseEpisodes, scored.episodes]).toEqual([
        expected.found.filter((after) => after !== null).length,
        expected.wrong,
        expected.episodes,
      ]);
      expect(new Set(scored.missed.map(({ id }) => id))).toEqual(
        new Set(incidents.filter((_, index) => expected.found[index] === null).map(({ id }) => id)),
      );
      for (const [index, one] of incidents.entries()) {
        const seconds = expected.found[index] === null ? null : expected.found[index]! / 1_000_000;
        expect(score([one], alarms).all.medianSecondsToDetection).toBe(seconds);
      }
      expect(score(incidents, alarms.toReversed())).toEqual(scored);
      evaluationSchema.parse({ ...scored, quality: { unwritten: 0, gaps: 0, complete: true } });
    }),
    { numRuns: 500 },
  );
});
