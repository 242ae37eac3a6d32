import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../schemas/catalogue/index.ts';
import type { RecordType } from '../../schemas/codes.ts';
import { eventSchema } from '../../schemas/events/index.ts';
import { NEEDS, type Need } from '../../services/simulator/world/needs.ts';
import { accessesOf, make, type Made, type MadeRecord, recordOf } from './simulated.ts';

const OPTIONS = { seed: 7, programs: 120, days: 7, daily: 120 };
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let made: Made;
let records: MadeRecord[];
beforeAll(() => {
  made = make(OPTIONS);
  records = made.lines.map(recordOf);
});

const hashOf = (lines: readonly string[]): string => createHash('sha256').update(lines.join('\n')).digest('hex');

describe('the records', () => {
  it('are all as the contract has them', () => {
    const schemas = new Map(
      (['ntk.access', 'ntk.consent', 'ntk.declaration', 'ntk.entitlement', 'ntk.standing'] as const).map(
        (type): [RecordType, ReturnType<typeof eventSchema>] => [type, eventSchema(type)],
      ),
    );
    const wrong = records.filter((record) => schemas.get(record.type as RecordType)?.safeParse(record).success !== true);
    expect(wrong).toEqual([]);
    expect(new Set(records.map(({ type }) => type)).size).toBe(schemas.size);
  });

  it('are the same bytes for the same seed, and others for another', () => {
    const small = { seed: 3, programs: 30, days: 2, daily: 60 };
    const again = hashOf(make(small).lines);
    expect(hashOf(make(small).lines)).toBe(again);
    expect(hashOf(make({ ...small, seed: 4 }).lines)).not.toBe(again);
    // On every machine: this changes only when what the simulator makes up was changed.
    expect(again).toBe(PINNED);
  });

  it('come in about the number that was asked for', () => {
    const { programs, days, daily } = OPTIONS;
    expect(records.length / (programs * days * daily)).toBeGreaterThan(0.75);
    expect(records.length / (programs * days * daily)).toBeLessThan(1.35);
  });

  it('have an id of their own, unless a host sent one again', () => {
    const lineById = new Map<string, string>();
    let repeated = 0;
    for (const [i, { id }] of records.entries()) {
      const line = made.lines[i]!;
      if (lineById.has(id)) repeated++;
      expect(lineById.get(id) ?? line).toBe(line);
      lineById.set(id, line);
    }
    expect(repeated / records.length).toBeGreaterThan(0.001);
    expect(repeated / records.length).toBeLessThan(0.01);
  });

  it('arrive about when they happened, some late, some with a wrong clock', () => {
    // The middle of the times of the last 101 records is about now, whatever single ones say.
    const accesses = records.filter(({ type }) => type === 'ntk.access').map(({ time }) => Date.parse(time));
    let late = 0;
    let early = 0;
    for (let i = 50; i < accesses.length - 50; i += 7) {
      const now = accesses.slice(i - 50, i + 51).sort((a, b) => a - b)[50]!;
      if (accesses[i]! < now - 30 * 60_000) late += 7;
      if (accesses[i]! > now + 30 * 60_000) early += 7;
    }
    expect(late / accesses.length).toBeGreaterThan(0.0005);
    expect(late / accesses.length).toBeLessThan(0.03);
    expect(early / accesses.length).toBeLessThan(0.01);
  });

  it('name a declaration before its accesses, and a consent before what it allows', () => {
    const declared = new Set<string>();
    const agreed = new Set<string>();
    const tooEarly: MadeRecord[] = [];
    const declaring = new Set(records.filter(({ type }) => type === 'ntk.declaration').map(({ subject }) => subject));
    let withConsent = 0;
    for (const record of records) {
      const pair = `${record.subject} ${String(record.data['user'])}`;
      if (record.type === 'ntk.declaration') declared.add(record.subject);
      else if (record.type === 'ntk.consent') agreed.add(pair);
      else if (record.type === 'ntk.access') {
        if (declaring.has(record.subject) && !declared.has(record.subject)) tooEarly.push(record);
        if (agreed.has(pair)) withConsent++;
      }
    }
    expect(tooEarly).toEqual([]);
    expect(withConsent / records.filter(({ type }) => type === 'ntk.access').length).toBeGreaterThan(0.85);
  });

  it('call apis of the catalogue by the categories that it gives them', () => {
    for (const { api, category } of Object.values<Need>(NEEDS)) expect([api, CATALOGUE.get(api)]).toEqual([api, category]);
  });
});

describe('the traffic', () => {
  it('is heavy-tailed: a few programs have most of it, most have little', () => {
    const counts = new Map<string, number>();
    for (const { program } of accessesOf(made.lines)) counts.set(program, (counts.get(program) ?? 0) + 1);
    const sorted = [...counts.values()].sort((a, b) => b - a);
    const all = sorted.reduce((sum, count) => sum + count, 0);
    const topTenth = sorted.slice(0, OPTIONS.programs / 10).reduce((sum, count) => sum + count, 0);
    expect(topTenth / all).toBeGreaterThan(0.4);
    expect(sorted[Math.floor(sorted.length / 2)]! / (all / sorted.length)).toBeLessThan(0.6);
  });

  it('has the days and weeks of its classes', () => {
    const kinds = new Map(made.story.fates.map(({ program }) => [program.id, program]));
    const byHour = new Map<string, number[]>();
    const byDay = new Map<string, number[]>();
    for (const { program, ms } of accessesOf(made.lines)) {
      const { kind, offsetMs, developer } = kinds.get(program)!;
      // A holiday is honest, and no season.
      if (
        made.story.holidays.some(({ region }) => region === developer.region) ||
        made.story.incidents.some((one) => one.program.id === program)
      )
        continue;
      const hours = byHour.get(kind.shape) ?? new Array<number>(24).fill(0);
      hours[Math.floor((ms + offsetMs) / HOUR_MS) % 24]!++;
      byHour.set(kind.shape, hours);
      const days = byDay.get(kind.shape) ?? [0, 0];
      // 1970 began on a Thursday.
      days[(Math.floor((ms + offsetMs) / DAY_MS) + 3) % 7 >= 5 ? 1 : 0]!++;
      byDay.set(kind.shape, days);
    }
    const between = (shape: string, from: number, to: number): number =>
      byHour
        .get(shape)!
        .slice(from, to)
        .reduce((sum, count) => sum + count, 0) /
      (to - from);
    expect(between('office', 8, 12) / between('office', 20, 24)).toBeGreaterThan(3);
    expect(between('evening', 19, 22) / between('evening', 2, 5)).toBeGreaterThan(5);
    expect(between('meals', 11, 13) / between('meals', 14, 16)).toBeGreaterThan(1.8);
    // Two days of seven are a weekend: an even week has 0.4 times as much there as on working days.
    const weekend = (shape: string): number => byDay.get(shape)![1]! / byDay.get(shape)![0]!;
    expect(weekend('office')).toBeLessThan(0.3);
    expect(weekend('night')).toBeGreaterThan(0.45);
  });

  it('shows outages as a gap and a rush, promotions as peaks of new people', () => {
    const [outage] = made.story.outages;
    const source = ['host/simulated-android', 'host/simulated-ios', 'host/simulated-desktop'][outage!.source];
    // By arrival: the position of the others says when.
    const during = new Set<string>();
    let othersMs = 0;
    for (const record of records) {
      if (record.type !== 'ntk.access') continue;
      const ms = Date.parse(record.time);
      if (record.source !== source)
        othersMs = Math.abs(ms - othersMs) < HOUR_MS || othersMs === 0 ? Math.max(ms, othersMs) : othersMs;
      else if (othersMs > outage!.startMs + 10 * 60_000 && othersMs < outage!.endMs - 10 * 60_000) during.add(record.id);
    }
    expect(during.size).toBe(0);
    const promoted = made.story.fates.find(({ promotions, program }) => promotions.length > 0 && program.rank < 60);
    expect(promoted).toBeDefined();
  });
});

const PINNED = '6f37918e3877c3586720ff04ef7845f1b659399f7515057c15be0f8013d952d0';
