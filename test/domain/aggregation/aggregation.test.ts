/** What partitions cannot know of each other, and what they make of it once they are told. */
import { beforeAll, describe, expect, it } from 'vitest';
import { RECORD_BYTES_MAX } from '../../../schemas/codes.ts';
import type { PartitionFold } from '../../../services/domain/fold/fold.ts';
import { foldInput } from '../fold/partitioned.ts';
import { pagesOf } from '../fold/platform-pages.ts';
import { DAY, FLEET, FLEET_FROM, ORDINARY, OTHERS, QUIET_DAYS } from './fleet-platform.ts';
import { type Alarm, idIn, newFold, type Program, SmallPlatform } from './small-platform.ts';

const MOSTLY_CONTACTS = [0.05, 0.05, 0.05, 0.85];

function ofFleet({ program }: Alarm): boolean {
  return program.startsWith('fleet');
}

/** Ends of the chains over all rows: the same when every row is. */
function chains(folds: readonly PartitionFold[]): string[] {
  return folds.map(({ state }) => state.chain.state.link.toString('hex') + state.chain.state.pending.toString('hex'));
}

describe('a fleet over four partitions', () => {
  let told: SmallPlatform;
  let untold: SmallPlatform;

  beforeAll(() => {
    told = new SmallPlatform([...FLEET, ...OTHERS]).runHours(0, (QUIET_DAYS + 1) * DAY);
    untold = new SmallPlatform([...FLEET, ...OTHERS], { isAggregated: false }).runHours(0, (QUIET_DAYS + 1) * DAY);
  });

  it('is found by its members when they are told of each other, and nobody else is accused', () => {
    expect(untold.alarms.filter(ofFleet)).toEqual([]);
    const found = told.alarms.filter(ofFleet);
    expect(found.length).toBeGreaterThan(0);
    expect(found.every(({ hour, siblings }) => hour > FLEET_FROM && siblings > 0)).toBe(true);
    expect(told.alarms.filter((alarm) => !ofFleet(alarm))).toEqual([]);
  });

  it('is said in records that the log takes', () => {
    const fleets = told.said.filter(({ kind }) => kind === 'fleets');
    expect(fleets.length).toBeGreaterThan(0);
    for (const prior of told.said) expect(JSON.stringify(prior).length).toBeLessThan(RECORD_BYTES_MAX / 2);
  });

  it('is judged the same when the log is folded again, in one batch', () => {
    const again = told.log.map((records, partition) => {
      const fold = newFold(partition);
      fold.fold(foldInput(records, { from: 0, to: records.length }), 0);
      return fold;
    });
    expect(chains(again)).toEqual(chains(told.folds));
  });

  it('is judged the same by whoever goes on from a checkpoint just before the first alarm', () => {
    expect(chainFromCheckpoint(told, told.alarms.find(ofFleet)!)).toEqual(
      chains(told.folds)[told.alarms.find(ofFleet)!.partition],
    );
  });
});

describe('a fleet with siblings that would have it forgotten', () => {
  const GREEDY = [0.8, 0.1, 0.05, 0.05];
  /** Three in each partition, who take most when the fleet begins to take more, in words about days that are over. */
  const behind = Array.from(
    { length: 12 },
    (_, i): Program => ({
      id: idIn(i % 4, `behind${i}`),
      developer: 'fleet',
      className: 'maps',
      from: 0,
      accesses: 8,
      shares: (hour) => (hour >= FLEET_FROM - 2 ? GREEDY : ORDINARY),
      hoursBehind: 6 * DAY,
    }),
  );

  it('is found although dozens of others were registered before it and used for a morning', () => {
    const used = Array.from(
      { length: 4 * 70 },
      (_, i): Program => ({
        id: idIn(i % 4, `once${i}`),
        developer: 'fleet',
        className: 'maps',
        from: 0,
        until: 8,
        accesses: 2,
        shares: () => ORDINARY,
      }),
    );
    const later = FLEET.map((program): Program => ({ ...program, from: 8 }));
    const told = new SmallPlatform([...used, ...later, ...OTHERS]).runHours(0, (QUIET_DAYS + 1) * DAY);
    const found = told.alarms.filter(ofFleet).filter(({ siblings }) => siblings > 0);
    expect(new Set(found.map(({ program }) => program)).size).toBeGreaterThan(FLEET.length / 2);
  });

  it('is found although phones of theirs have a clock that is days behind', () => {
    const told = new SmallPlatform([...FLEET, ...OTHERS, ...behind]).runHours(0, (QUIET_DAYS + 1) * DAY);
    const found = told.alarms.filter(ofFleet).filter(({ siblings }) => siblings > 0);
    expect(new Set(found.map(({ program }) => program)).size).toBeGreaterThan(FLEET.length / 2);
  });
});

/** Of the alarm's partition, folded up to the alarm, stored, restored, and folded to the end. */
function chainFromCheckpoint({ log }: SmallPlatform, { partition, offset }: Alarm): string {
  const records = log[partition]!;
  const before = newFold(partition);
  before.fold(foldInput(records, { from: 0, to: offset }), 0);
  const after = restored(before, partition);
  after.fold(foldInput(records, { from: offset, to: records.length }), 0);
  return chains([after])[0]!;
}

function restored(fold: PartitionFold, partition: number): PartitionFold {
  const again = newFold(partition);
  again.state.restore(pagesOf(fold));
  return again;
}

describe('a young program', () => {
  const elsewhere = Array.from(
    { length: 48 },
    (_, i): Program => ({
      id: idIn(1 + (i % 3), `maps${i}`),
      developer: `developer${i}`,
      className: 'maps',
      from: 0,
      accesses: 5,
      shares: () => ORDINARY,
    }),
  );
  const beside = Array.from(
    { length: 8 },
    (_, i): Program => ({
      id: idIn(0, `games${i}`),
      developer: `studio${i}`,
      className: 'games',
      from: 0,
      accesses: 5,
      shares: () => ORDINARY,
    }),
  );
  const young = (name: string, shares: readonly number[]): Program => ({
    id: idIn(0, name),
    developer: name,
    className: 'maps',
    from: 3 * DAY + 6,
    accesses: 12,
    shares: () => shares,
  });
  const programs = [...elsewhere, ...beside, young('greedy', MOSTLY_CONTACTS), young('modest', ORDINARY)];

  it('whose class is known from other partitions alone is judged by it on its first day', () => {
    const told = new SmallPlatform(programs).runHours(0, 4 * DAY);
    expect(new Set(told.alarms.map(({ program }) => program))).toEqual(new Set([idIn(0, 'greedy')]));
    expect(chainFromCheckpoint(told, told.alarms[0]!)).toBe(chains(told.folds)[0]);
  });

  it('is not judged by its class where nobody has seen it', () => {
    const untold = new SmallPlatform(programs, { isAggregated: false }).runHours(0, 4 * DAY);
    expect(untold.alarms).toEqual([]);
  });
});
