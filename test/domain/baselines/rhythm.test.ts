import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Calibration } from '../../../services/domain/baselines/calibration.ts';
import { rhythmSurprise } from '../../../services/domain/baselines/rhythm.ts';
import { ScoreThreshold } from '../../../services/domain/baselines/score-threshold.ts';
import { RecentUsers } from '../../../services/domain/baselines/state/recent-users.ts';
import { BUDGET_DEFAULT, RHYTHM_NATS, RHYTHM_SECONDS_MIN } from '../../../services/domain/baselines/tuning.ts';
import { Random } from '../../reference/random.ts';

/** Evidence that alarms by itself at the default budget on a platform of which nothing is known yet. */
const ALARM_NATS = RHYTHM_NATS + natsOf(new ScoreThreshold().at(BUDGET_DEFAULT));

function natsOf(folds: number): number {
  const calibration = new Calibration(4, 1.3);
  return 4 + folds * ((calibration.highNats - 4) / calibration.folds(calibration.highNats));
}

/** How many intervals it takes until the evidence alarms; Infinity when it never does. @param isOnScreen by beat, from 1 on; nowhere unless said */
function foundAfter(intervals: Iterable<number>, isOnScreen: (beat: number) => boolean = () => false): number {
  const users = new RecentUsers();
  const { at } = users.find(1, 1, 0);
  users.setLast(at, 1);
  let count = 0;
  for (const seconds of intervals) {
    count++;
    if (seconds >= RHYTHM_SECONDS_MIN && rhythmSurprise(users, at, seconds, isOnScreen(count)) >= ALARM_NATS) return count;
  }
  return Number.POSITIVE_INFINITY;
}

function* clock(random: Random, seconds: number, out: number, intervals: number): Generator<number> {
  for (let i = 0; i < intervals; i++) yield Math.round(seconds * (1 + out * (2 * random.next() - 1)));
}

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

const TRIES = 10_000;
/** Calls of one user and category in a long day. */
const CALLS = 24;

describe('a clock', () => {
  it.each([
    ['of five minutes that is out by 0.6 % is found within nine beats', 300, 0.006, 9],
    ['of twenty minutes that is out by 5 % is found within sixteen beats', 1200, 0.05, 16],
    ['of two hours that is out by 1 % is found within a day', 7200, 0.01, 12],
  ])('%s', (_, seconds, out, beats) => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        expect(foundAfter(clock(new Random(seed), seconds, out, beats))).toBeLessThanOrEqual(beats);
      }),
      { numRuns: 500 },
    );
  });

  it('is found although one beat in five is missed', () => {
    function* missing(random: Random): Generator<number> {
      for (let beat = 1; beat <= 60; beat++)
        yield Math.round(300 * (beat % 5 === 0 ? 2 : 1) * (1 + 0.01 * (random.next() - 0.5)));
    }
    for (let seed = 0; seed < 200; seed++) expect(foundAfter(missing(new Random(seed)))).toBeLessThanOrEqual(30);
  });

  it('is forgotten after hours of silence', () => {
    const users = new RecentUsers();
    const { at } = users.find(1, 1, 0);
    users.setLast(at, 1);
    for (let beat = 0; beat < 20; beat++) rhythmSurprise(users, at, 300, false);
    expect(rhythmSurprise(users, at, 300, false)).toBeGreaterThan(ALARM_NATS);
    expect(rhythmSurprise(users, at, 5 * 3600, false)).toBe(0);
    expect(rhythmSurprise(users, at, 300, false)).toBe(0);
  });
});

describe('a program that refreshes itself on screen', () => {
  const onScreen = (): boolean => true;

  it.each([
    ['every minute', 60],
    ['every two minutes', 120],
  ])('%s is not found while somebody looks at it for two hours, and is when it goes on for four', (_, seconds) => {
    for (let seed = 0; seed < 200; seed++) {
      const found = foundAfter(clock(new Random(seed), 1.02 * seconds, 0.01, (4 * 3600) / seconds), onScreen) * seconds;
      expect(found).toBeGreaterThan(2 * 3600);
      expect(found).toBeLessThanOrEqual(4 * 3600);
    }
  });

  it('is found like any other clock where it does so every five minutes, which nobody looks at', () => {
    for (let seed = 0; seed < 200; seed++)
      expect(foundAfter(clock(new Random(seed), 300, 0.006, 9), onScreen)).toBeLessThanOrEqual(9);
  });

  it('is found as soon as it has gone on for a few beats off screen', () => {
    const isOffScreenSometimes = (beat: number): boolean => beat % 4 !== 0;
    for (let seed = 0; seed < 200; seed++) {
      expect(foundAfter(clock(new Random(seed), 120, 0.006, 30), isOffScreenSometimes)).toBeLessThanOrEqual(13);
    }
  });

  it('has a new rhythm after hours of silence, of which nothing was off screen yet', () => {
    const users = new RecentUsers();
    const { at } = users.find(1, 1, 0);
    for (let beat = 0; beat < 20; beat++) rhythmSurprise(users, at, 120, false);
    rhythmSurprise(users, at, 5 * 3600, true);
    let nats = 0;
    for (let beat = 0; beat < 30; beat++) nats = rhythmSurprise(users, at, 120, true);
    expect(nats).toBeGreaterThan(RHYTHM_NATS);
    expect(nats).toBeLessThan(ALARM_NATS);
  });
});

describe('a person', () => {
  it.each([
    ['whose calls are a Poisson process', (random: Random) => -1200 * Math.log(1 - random.next())],
    ['whose intervals are log-normal', (random: Random) => 900 * Math.exp(0.6 * normal(random))],
    ['who is rather regular', (random: Random) => 1800 * Math.exp(0.35 * normal(random))],
  ])('%s is not found in ten thousand days', (_, interval) => {
    const random = new Random(3);
    let found = 0;
    for (let day = 0; day < TRIES; day++) {
      if (foundAfter(Array.from({ length: CALLS }, () => Math.round(interval(random)))) <= CALLS) found++;
    }
    expect(found).toBe(0);
  });
});
