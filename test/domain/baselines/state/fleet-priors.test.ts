import { describe, expect, it } from 'vitest';
import { type Fleet, FLEET_PRIORS_MAX, FleetPriors } from '../../../../services/domain/baselines/state/fleet-priors.ts';
import { FOUR_HOURS } from '../../../../services/domain/baselines/tuning.ts';
import { ByteReader } from '../../../../services/domain/state/bytes.ts';
import { drawnPages } from '../../state/drawn-pages.ts';

const NOW = 123_456;
const FAR_AHEAD = 500_000;

function fleetAt(block: number): Fleet {
  return { category: 0, scale: FOUR_HOURS, block, nats: 4, inExcess: 3, members: 3 };
}

/** Full of fleets of developers `d0`, `d1` and so on. */
function full(block: number): FleetPriors {
  const fleets = new FleetPriors();
  for (let i = 0; i < FLEET_PRIORS_MAX; i++) fleets.put(`d${i}`, fleetAt(block));
  return fleets;
}

function developersOf(fleets: FleetPriors, names: readonly string[]): string[] {
  return names.filter((name) => fleets.of(name) !== null);
}

const EVERYBODY = Array.from({ length: FLEET_PRIORS_MAX }, (_, i) => `d${i}`);
const NEWCOMERS = Array.from({ length: 10 }, (_, i) => `n${i}`);

describe('fleets that are kept in mind', () => {
  it('make room when they are past', () => {
    const fleets = full(NOW - 2);
    for (const name of NEWCOMERS) expect(fleets.put(name, fleetAt(NOW))).toBe(true);
    expect(developersOf(fleets, NEWCOMERS)).toEqual(NEWCOMERS);
    expect(fleets.count).toBe(FLEET_PRIORS_MAX);
  });

  it('make no room for another one of their own time', () => {
    const fleets = full(NOW - 1);
    for (const name of NEWCOMERS) expect(fleets.put(name, fleetAt(NOW))).toBe(false);
    expect(developersOf(fleets, EVERYBODY)).toEqual(EVERYBODY);
  });

  it('are not forgotten for somebody whose time is far ahead, who takes one place and is the first to leave it', () => {
    const fleets = full(NOW);
    expect(fleets.put('from the year 2200', fleetAt(FAR_AHEAD))).toBe(true);
    expect(developersOf(fleets, EVERYBODY)).toHaveLength(FLEET_PRIORS_MAX - 1);
    expect(fleets.put('now', fleetAt(NOW))).toBe(true);
    expect(fleets.of('from the year 2200')).toBeNull();
    expect(developersOf(fleets, EVERYBODY)).toHaveLength(FLEET_PRIORS_MAX - 1);
  });

  it('leave in the same order when they were stored and restored meanwhile', () => {
    const fleets = full(NOW - 3);
    const restored = new FleetPriors();
    for (const page of drawnPages(fleets.pages)) restored.restore(new ByteReader(page));
    for (const one of [fleets, restored]) for (const name of NEWCOMERS) one.put(name, fleetAt(NOW));
    expect(developersOf(restored, EVERYBODY)).toEqual(developersOf(fleets, EVERYBODY));
    expect(restored.count).toBe(fleets.count);
  });
});
