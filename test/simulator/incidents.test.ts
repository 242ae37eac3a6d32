/** What a label says can be seen in the events, beside what the same program did when nothing was wrong. */
import { beforeAll, describe, expect, it } from 'vitest';
import { INCIDENT_KINDS, labelsSchema } from '../../schemas/simulation/labels.ts';
import type { IncidentKind, Labels } from '../../schemas/simulation/labels.ts';
import { labelsOf } from '../../services/simulator/write-files.ts';
import { accessesOf, make, type MadeAccess } from './simulated.ts';

const OPTIONS = { seed: 11, programs: 160, days: 14, daily: 130 };
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

interface Case {
  readonly label: Labels['incidents'][number];
  readonly startMs: number;
  readonly endMs: number;
  /** Of the program and category: all, inside the incident, and at the same hours of other days. */
  readonly those: readonly MadeAccess[];
  readonly inside: readonly MadeAccess[];
  readonly elsewhere: readonly MadeAccess[];
  /** How many such stretches `elsewhere` is made of. */
  readonly stretches: number;
}

let labels: Labels;
let cases: readonly Case[];
let launchOf: ReadonlyMap<string, number>;
beforeAll(() => {
  const { story, lines } = make(OPTIONS);
  labels = labelsOf(OPTIONS, story);
  launchOf = new Map(story.fates.map(({ program, launchMs }) => [program.id, launchMs]));
  const byProgram = Map.groupBy(accessesOf(lines), ({ program }) => program);
  cases = labels.incidents.map((label) => caseOf(label, byProgram.get(label.program) ?? [], story.startMs));
});

function caseOf(label: Case['label'], accesses: readonly MadeAccess[], storyMs: number): Case {
  const startMs = Date.parse(label.start);
  const endMs = Date.parse(label.end);
  const those = accesses.filter(({ category }) => category === label.category);
  const within = (from: number, to: number): MadeAccess[] => those.filter(({ ms }) => ms >= from && ms < to);
  const elsewhere: MadeAccess[] = [];
  let stretches = 0;
  for (let days = Math.ceil((endMs - startMs) / DAY_MS); startMs - days * DAY_MS >= storyMs; days++) {
    elsewhere.push(...within(startMs - days * DAY_MS, endMs - days * DAY_MS));
    stretches++;
  }
  return { label, startMs, endMs, those, inside: within(startMs, endMs), elsewhere, stretches };
}

const of = (kind: IncidentKind): Case[] => {
  const those = cases.filter(({ label }) => label.kind === kind);
  expect(those.length).toBeGreaterThan(0);
  return those;
};

/** Calls beside those of an ordinary stretch; at least one is taken for that. */
const times = ({ inside, elsewhere, stretches }: Case): number =>
  inside.length / Math.max(1, elsewhere.length / Math.max(1, stretches));
const usersAnAccess = (accesses: readonly MadeAccess[]): number =>
  new Set(accesses.map(({ data }) => data.user)).size / Math.max(1, accesses.length);
const rowsAnAccess = (accesses: readonly MadeAccess[]): number =>
  accesses.reduce((sum, { data }) => sum + data.rows, 0) / Math.max(1, accesses.length);

describe('the labels', () => {
  it('are as the schema has them, in order, inside of the story', () => {
    expect(labelsSchema.safeParse(labels).error).toBeUndefined();
    expect(labels).toMatchObject({ seed: 11, programs: 160, days: 14 });
    const starts = labels.incidents.map(({ start }) => start);
    expect(starts).toEqual([...starts].sort());
    for (const { label, startMs, endMs } of cases) {
      expect(endMs).toBeGreaterThan(startMs);
      expect([label.id, label.end <= '2026-03-16T00:00:00.000Z']).toEqual([label.id, true]);
    }
  });

  it('name every kind, some camouflaged, some not', () => {
    expect(new Set(labels.incidents.map(({ kind }) => kind))).toEqual(new Set(INCIDENT_KINDS));
    expect(new Set(labels.incidents.map(({ camouflaged }) => camouflaged))).toEqual(new Set([true, false]));
  });

  it('give a program one incident, and leave a quiet time before', () => {
    const programs = labels.incidents.map(({ program }) => program);
    expect(new Set(programs).size).toBe(programs.length);
    for (const { label } of cases) if (label.kind !== 'first_day_abuse') expect(label.start > '2026-03-06').toBe(true);
  });
});

describe('an incident can be seen in the events:', () => {
  it('rate_burst is three times the ordinary or more', () => {
    for (const one of of('rate_burst')) expect(times(one)).toBeGreaterThan(3);
  });

  it('slow_ramp doubles and doubles again', () => {
    for (const { those, startMs, endMs } of of('slow_ramp')) {
      const day = (ms: number): number => those.filter((access) => access.ms >= ms - DAY_MS && access.ms < ms).length;
      // The last day and the first one, each beside the same day of the week before: its season goes.
      const last = day(endMs) / Math.max(1, day(endMs - 7 * DAY_MS));
      expect(last).toBeGreaterThan(2.5);
      expect(day(startMs + DAY_MS) / Math.max(1, day(startMs))).toBeLessThan(last);
    }
  });

  it('low_and_slow takes one row at a time from one after another, at night', () => {
    for (const { label, inside, elsewhere, stretches } of of('low_and_slow')) {
      const single = inside.filter(({ data }) => data.rows === 1);
      expect([label.id, single.length > (2 * elsewhere.length) / Math.max(1, stretches)]).toEqual([label.id, true]);
      expect(usersAnAccess(single)).toBeGreaterThan(0.5);
    }
  });

  it('periodic_polling asks off screen for the same users at near-constant intervals', () => {
    for (const { inside, startMs, endMs } of of('periodic_polling')) {
      const polls = inside.filter(({ data }) => !data.foreground);
      const byUser = [...Map.groupBy(polls, ({ data }) => data.user).values()].sort((a, b) => b.length - a.length);
      const moments = byUser[0]!.map(({ ms }) => ms).sort((a, b) => a - b);
      const gaps = moments.slice(1).map((ms, i) => ms - moments[i]!);
      const middle = gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)]!;
      expect(gaps.filter((gap) => Math.abs(gap / middle - 1) < 0.15).length / gaps.length).toBeGreaterThan(0.8);
      expect(moments.length * middle).toBeGreaterThan(0.7 * (endMs - startMs));
    }
  });

  it('spread reaches many more users with about as many calls', () => {
    for (const one of of('spread')) {
      expect(usersAnAccess(one.inside) / usersAnAccess(one.elsewhere.slice(0, one.inside.length))).toBeGreaterThan(4);
      expect(times(one)).toBeLessThan(5);
    }
  });

  it('volume takes many more rows with about as many calls', () => {
    for (const one of of('volume')) {
      expect(rowsAnAccess(one.inside) / rowsAnAccess(one.elsewhere)).toBeGreaterThan(5);
      expect(times(one)).toBeLessThan(3);
    }
  });

  it('new_category takes what the program hardly ever took', () => {
    for (const one of of('new_category')) {
      expect(one.inside.length).toBeGreaterThan(20);
      expect(times(one)).toBeGreaterThan(10);
    }
  });

  it('off_hours is busy when the program sleeps', () => {
    for (const one of of('off_hours')) expect(times(one)).toBeGreaterThan(3);
  });

  it('sibling_fleet is some programs of one developer, each a little above the ordinary', () => {
    const groups = Map.groupBy(of('sibling_fleet'), ({ label }) => label.group!);
    for (const siblings of groups.values()) {
      expect(siblings.length).toBeGreaterThanOrEqual(3);
      const all = siblings.reduce((sum, { inside }) => sum + inside.length, 0);
      const usual = siblings.reduce((sum, { elsewhere, stretches }) => sum + elsewhere.length / Math.max(1, stretches), 0);
      expect(all / usual).toBeGreaterThan(1.4);
      expect(all / usual).toBeLessThan(6);
    }
  });

  it('first_day_abuse has no history at all, and many users at once', () => {
    for (const { label, inside, startMs } of of('first_day_abuse')) {
      expect(launchOf.get(label.program)).toBe(startMs);
      expect(inside.length).toBeGreaterThan(100);
      expect(usersAnAccess(inside)).toBeGreaterThan(0.3);
    }
  });
});
