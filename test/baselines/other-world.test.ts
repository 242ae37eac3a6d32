import { describe, expect, it } from 'vitest';
import { INCIDENT_KINDS, labelsSchema } from '../../schemas/simulation/labels.ts';
import { encodingOf } from '../../services/domain/record/json.ts';
import { parseRecord } from '../../services/domain/record/parse.ts';
import { eventLines, labels } from './other-world/records.ts';
import { DAY, type WorldOptions } from './other-world/shapes.ts';
import { makeWorld } from './other-world/world.ts';
import { EVIDENCE_MIN } from './other-world/plan.ts';

const SMALL: WorldOptions = { seed: 3, programs: 80, days: 12, incidents: true, dispersion: 1 };
const world = makeWorld(SMALL);
const lines = [...eventLines(world)];

describe('the other world', () => {
  it('is the same world for the same seed, and another one for another', () => {
    expect([...eventLines(makeWorld(SMALL))].join('') === lines.join('')).toBe(true);
    expect(makeWorld({ ...SMALL, seed: 4 }).arrivals.length).not.toBe(world.arrivals.length);
  });

  it('is read by the record parser without a reject', () => {
    const rejects = lines.filter((line) => {
      const bytes = Buffer.from(line.trimEnd());
      return parseRecord(bytes, 0, bytes.length, encodingOf(bytes)).type === 'reject';
    });
    expect(rejects).toEqual([]);
  });

  it('has labels as the schema wants them, of every kind', () => {
    const { incidents } = labelsSchema.parse(labels(SMALL, world.incidents));
    expect(new Set(incidents.map(({ kind }) => kind))).toEqual(new Set(INCIDENT_KINDS));
  });

  it('leaves enough evidence of each incident, nearly all of it inside its time', () => {
    for (const { id, program, category, start, end } of world.incidents) {
      const evidence = world.arrivals.filter(({ access }) => access.evidenceOf === id);
      expect(new Set(evidence.map((arrival) => arrival.program.id))).toEqual(new Set([program]));
      // Wrong clocks put some of it elsewhere.
      const inside = evidence.filter(({ access }) => access.category === category && access.time >= start && access.time < end);
      expect(new Set(inside.map(({ number }) => number)).size).toBeGreaterThanOrEqual(EVIDENCE_MIN);
      expect(inside.length).toBeGreaterThan(0.8 * evidence.length);
      expect(end).toBeLessThanOrEqual(world.calendar.end);
    }
  });

  it('goes on without its incidents when asked', () => {
    const quiet = makeWorld({ ...SMALL, incidents: false });
    expect(quiet.incidents).toEqual([]);
    expect(quiet.arrivals.length).toBeGreaterThan(0.7 * world.arrivals.length);
  });

  it('has ordinary traffic that varies more than chance, and more so when asked', () => {
    expect(dispersionOf(makeWorld({ ...SMALL, incidents: false, dispersion: 1.5 }))).toBeGreaterThan(
      dispersionOf(makeWorld({ ...SMALL, incidents: false, dispersion: 0.5 })),
    );
  });
});

/** Median over programs of variance against mean of the accesses a day; 1 where they are independent. */
function dispersionOf({ programs, arrivals, calendar }: typeof world): number {
  const ratios = programs.map(({ id }) => {
    const days = new Array<number>(SMALL.days).fill(0);
    for (const { program, access } of arrivals) {
      if (program.id === id) days[Math.floor((access.time - calendar.start) / DAY)]! += 1;
    }
    const mean = days.reduce((sum, count) => sum + count, 0) / days.length;
    return days.reduce((sum, count) => sum + (count - mean) ** 2, 0) / days.length / Math.max(1, mean);
  });
  return ratios.sort((a, b) => a - b)[Math.floor(ratios.length / 2)]!;
}
