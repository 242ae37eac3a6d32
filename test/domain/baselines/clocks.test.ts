import { describe, expect, it } from 'vitest';
import { CATEGORIES } from '../../../schemas/codes.ts';
import { Baselines } from '../../../services/domain/baselines/baselines.ts';
import { clockSurprise, ClockDays } from '../../../services/domain/baselines/clocks.ts';
import { RHYTHM } from '../../../services/domain/baselines/features.ts';
import { K_CLOCKS, K_CLOCKS_TODAY, keyRow } from '../../../services/domain/baselines/state/key-rows.ts';
import { BUDGET_DEFAULT } from '../../../services/domain/baselines/tuning.ts';
import { ByteReader, ByteWriter } from '../../../services/domain/state/bytes.ts';
import { Random } from '../../reference/random.ts';
import { sightingOf } from './sighting-of.ts';

const LOCATION = CATEGORIES.indexOf('location');
const CONTACTS = CATEGORIES.indexOf('contacts');
const PHOTOS = CATEGORIES.indexOf('photos');
const MONDAY = 1_772_409_600;
const DAY = 86_400;
const VISITORS = 40;
const SHIFT_BEATS = 96;

/** A program that people visit, some of whom are followed every five minutes for eight hours of each day. */
class Delivery {
  readonly baselines: Baselines;
  readonly #random = new Random(7);
  readonly #program: number;
  alarms = 0;

  constructor(baselines = new Baselines(() => 0)) {
    this.baselines = baselines;
    this.baselines.known.classes.numberOf('unclassified');
    this.#program = this.baselines.known.addProgram(`wx${this.baselines.known.programs.count}`);
  }

  /** @param couriers how many are followed; they are the same each day */
  day(day: number, couriers: number): void {
    const calls: { seconds: number; user: number; isForeground: boolean }[] = [];
    for (let i = 0; i < VISITORS; i++)
      calls.push({
        seconds: 8 * 3600 + this.#random.next() * 12 * 3600,
        user: 1000 + ((day * VISITORS + i) % 300),
        isForeground: true,
      });
    for (let courier = 0; courier < couriers; courier++)
      for (let beat = 0; beat < SHIFT_BEATS; beat++)
        calls.push({ seconds: 9 * 3600 + courier * 97 + beat * 300, user: courier + 1, isForeground: false });
    calls.sort((a, b) => a.seconds - b.seconds);
    for (const { seconds, user, isForeground } of calls) this.#see(MONDAY + day * DAY + Math.floor(seconds), user, isForeground);
  }

  #see(seconds: number, user: number, isForeground: boolean): void {
    const seen = sightingOf({ program: this.#program, category: LOCATION, seconds, isForeground });
    this.baselines.see(seen, Uint32Array.of(user * 7919, user), [], BUDGET_DEFAULT);
    if (this.baselines.isAlarm && this.baselines.contributions[RHYTHM]! > 0) this.alarms++;
  }

  get key(): number {
    return this.baselines.known.findKey(this.#program, LOCATION);
  }

  cell(at: number): number {
    return this.baselines.known.keys.cellsOf(this.key)[keyRow(this.key) + at]!;
  }
}

describe('an even rhythm', () => {
  it('is told of the first program that follows people on a platform, on its first day, and of no other', () => {
    const first = new Delivery();
    const second = new Delivery(first.baselines);
    first.day(0, 4);
    expect(first.alarms).toBeGreaterThan(0);
    first.alarms = 0;
    for (let day = 1; day < 14; day++) {
      first.day(day, 4);
      second.day(day, 4);
    }
    expect([first.alarms, second.alarms]).toEqual([0, 0]);
    expect(clockSurprise(second.baselines.known, second.key)).toBeLessThan(4);
  });

  it('is one where a program never followed anybody', () => {
    const delivery = new Delivery();
    for (let day = 0; day < 14; day++) delivery.day(day, 0);
    expect(delivery.alarms).toBe(0);
    delivery.day(14, 1);
    expect(delivery.alarms).toBeGreaterThan(0);
  });

  it('counts once a day for each of those who are followed, however long', () => {
    const delivery = new Delivery();
    delivery.day(0, 4);
    expect(delivery.cell(K_CLOCKS_TODAY)).toBe(4);
    delivery.day(1, 4);
    expect(delivery.cell(K_CLOCKS_TODAY)).toBe(4);
    // The first day alarmed, and teaches nothing of the kind.
    expect(delivery.cell(K_CLOCKS)).toBe(0);
    delivery.day(2, 0);
    expect(delivery.cell(K_CLOCKS_TODAY)).toBe(0);
    expect(delivery.cell(K_CLOCKS)).toBeGreaterThan(0);
  });
});

describe('what a partition knows of rhythms', () => {
  it('is nothing until one is seen, and then of each category what its own days show', () => {
    const days = new ClockDays();
    for (let i = 0; i < 10; i++) days.learn(LOCATION, false, 1, false);
    expect(days.shareOf(LOCATION, 0)).toBe(0);
    for (let i = 0; i < 1_000; i++) {
      if (i % 2 === 0) days.note(LOCATION);
      days.learn(LOCATION, i % 2 === 0, 1, false);
      days.learn(CONTACTS, false, 1, false);
    }
    expect(days.shareOf(LOCATION, 0)).toBeCloseTo(0.5, 1);
    expect(days.shareOf(CONTACTS, 0)).toBeLessThan(0.01);
    expect(days.shareOf(PHOTOS, 0)).toBeCloseTo(0.25, 1);
  });

  it('is told by others: a first rhythm says nothing of itself', () => {
    const days = new ClockDays();
    days.note(LOCATION);
    expect(days.shareOf(LOCATION, 1)).toBe(0);
    expect(days.shareOf(LOCATION, 0)).toBeGreaterThan(0.04);
  });

  it('is not what alarmed', () => {
    const days = new ClockDays();
    days.note(LOCATION);
    days.learn(LOCATION, true, 0.1, true);
    expect(days.shareOf(LOCATION, 0)).toBe(0);
  });

  it('comes back from a checkpoint as it was', () => {
    const days = new ClockDays();
    for (let i = 0; i < 50; i++) {
      if (i % 7 === 0) days.note(LOCATION);
      days.learn(LOCATION, i % 7 === 0, 0.3, false);
    }
    const out = new ByteWriter();
    days.write(out);
    const back = new ClockDays();
    back.restore(new ByteReader(out.written()));
    for (const category of [LOCATION, CONTACTS]) expect(back.shareOf(category, 0)).toBe(days.shareOf(category, 0));
  });
});
