/** What refreshes itself on somebody's phone does so for months: it is told once, and not each morning. */
import { describe, expect, it } from 'vitest';
import { CATEGORIES } from '../../../schemas/codes.ts';
import { Baselines } from '../../../services/domain/baselines/baselines.ts';
import { RHYTHM } from '../../../services/domain/baselines/features.ts';
import { KeyRows } from '../../../services/domain/baselines/state/key-rows.ts';
import { QUICKER_RHYTHM, RHYTHM_TOLD_HOURS } from '../../../services/domain/baselines/tuning.ts';
import { ByteReader } from '../../../services/domain/state/bytes.ts';
import { Random } from '../../reference/random.ts';
import { drawnPages } from '../state/drawn-pages.ts';
import { sightingOf } from './sighting-of.ts';

const LOCATION = CATEGORIES.indexOf('location');
const HOUR = 3600;
const DAY = 24 * HOUR;
const BEGIN = Date.UTC(2026, 2, 2) / 1000;
const BUDGET = 0.001;

/** A phone with one program that asks where it is. */
class Phone {
  baselines = new Baselines(() => 0);
  readonly #random = new Random(11);

  constructor() {
    this.baselines.known.classes.numberOf('weather');
    this.baselines.known.addProgram('wx1');
  }

  /** A call; answers whether it opens an episode of an even rhythm. */
  call(seconds: number): boolean {
    const seen = sightingOf({ program: 0, category: LOCATION, seconds });
    this.baselines.see(seen, Uint32Array.of(1, 1), [], BUDGET);
    return this.baselines.opensEpisode && this.baselines.contributions[RHYTHM]! > 0;
  }

  /** Days on which it refreshes itself from seven in the morning till eleven at night; answers how often that is told. */
  days(from: number, days: number, every: number): number {
    let told = 0;
    for (let day = from; day < from + days; day++)
      for (let at = 7 * HOUR; at < 23 * HOUR; at += every * (1 + 0.04 * (this.#random.next() - 0.5)))
        if (this.call(Math.round(BEGIN + day * DAY + at))) told++;
    return told;
  }
}

describe('a rhythm that sets in again each morning', () => {
  it('is told once in three months', () => {
    expect(new Phone().days(0, 90, 900)).toBe(1);
  });

  it('is told again when it has become quicker, and not when it has become slower', () => {
    const phone = new Phone();
    phone.days(0, 20, 900);
    expect(phone.days(20, 20, 1800)).toBe(0);
    expect(phone.days(40, 20, 900 * QUICKER_RHYTHM * 0.5)).toBe(1);
  });

  it('is told again when it was not heard for weeks, and not after a week for which the phone was off', () => {
    const phone = new Phone();
    phone.days(0, 10, 900);
    expect(phone.days(18, 10, 900)).toBe(0);
    expect(phone.days(28 + RHYTHM_TOLD_HOURS / 24 + 1, 10, 900)).toBe(1);
  });

  it('is remembered in checkpoints, and unknown in those of engines that did not', () => {
    const phone = new Phone();
    phone.days(0, 5, 900);
    const { keys } = phone.baselines.known;
    const key = phone.baselines.known.findKey(0, LOCATION);
    const told = { ...keys.told(key)! };
    expect(told.rhythmHour).toBe(BEGIN / HOUR + 4 * 24 + 22);
    expect(Math.abs(told.rhythmSeconds - 900)).toBeLessThan(20);
    expect(restored(keys).told(key)).toEqual(told);
    // As they wrote it.
    keys.touch(key);
    keys.makeTold(key).rhythmSeconds = 0;
    expect(restored(keys).told(key)).toEqual({ ...told, rhythmSeconds: 0, rhythmHour: 0 });
  });
});

function restored(keys: KeyRows): KeyRows {
  const copy = new KeyRows();
  for (const page of drawnPages(keys.pages)) copy.restore(new ByteReader(page));
  return copy;
}
