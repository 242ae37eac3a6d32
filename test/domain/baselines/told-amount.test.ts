/** A job that wakes many phones at once comes back each week: whoever was told of it knows, and is told again only of more than that. */
import { describe, expect, it } from 'vitest';
import { CATEGORIES } from '../../../schemas/codes.ts';
import { BACKGROUND, CALLS, NOVEL, SHARE, USERS } from '../../../services/domain/baselines/features.ts';
import { KeyRows, K_BLOCK, K_USES, keyRow } from '../../../services/domain/baselines/state/key-rows.ts';
import {
  P_BLOCK,
  P_CALLS,
  P_TOP_SCORE,
  P_USES,
  P_VISITS,
  P_WORST,
  programRow,
} from '../../../services/domain/baselines/state/program-rows.ts';
import { A_DAY, AMOUNT_TOLD_HOURS, MORE_THAN_TOLD, SCALES } from '../../../services/domain/baselines/tuning.ts';
import { ByteReader } from '../../../services/domain/state/bytes.ts';
import { drawnPages } from '../state/drawn-pages.ts';
import { LOCATION, NOON, OneClass, PHOTOS } from './one-class.ts';

const CAMERA = CATEGORIES.indexOf('camera');
const HOUR = 3600;
const DAY = 24 * HOUR;
/** Midnight before the first day here. */
const BEGIN = NOON - 12 * HOUR;
const BUDGET = 0.001;
const WEEK = 7;

/** What a job does on a day. */
interface Job {
  readonly uses: number;
  /** Hour it begins at, and seconds between two phones. */
  readonly hour?: number;
  readonly every?: number;
  readonly category?: number;
  readonly bytes?: number;
}

/** A program with its ordinary days, and a job on some of them. */
class World {
  readonly ofClass = new OneClass();
  /** Days on which an episode of the job's category began. */
  readonly told: number[] = [];
  #opened = false;

  get known() {
    return this.ofClass.baselines.known;
  }

  get key(): number {
    return this.known.findKey(0, PHOTOS);
  }

  #see(category: number, seconds: number, isForeground: boolean, bytes: number): void {
    this.ofClass.see(0, category, seconds, { isForeground, bytes, budget: BUDGET });
    if (this.ofClass.baselines.opensEpisode) this.#opened = true;
  }

  /** Ordinary: forty uses, of which each tenth is of photos. */
  day(day: number, job: Job | null = null): void {
    const all: [seconds: number, category: number, isForeground: boolean, bytes: number][] = [];
    for (let use = 0; use < 40; use++)
      all.push([BEGIN + day * DAY + (use * DAY) / 40, use % 10 === 0 ? PHOTOS : LOCATION, (day + use) % 50 !== 0, 100]);
    for (let i = 0; i < (job?.uses ?? 0); i++)
      all.push([
        BEGIN + day * DAY + (job!.hour ?? 9) * HOUR + i * (job!.every ?? 30),
        job!.category ?? PHOTOS,
        false,
        job!.bytes ?? 100,
      ]);
    all.sort(([a], [b]) => a - b);
    this.#opened = false;
    for (const [seconds, category, isForeground, bytes] of all) this.#see(category, Math.floor(seconds), isForeground, bytes);
    if (this.#opened) this.told.push(day);
  }

  days(from: number, to: number, jobOf: (day: number) => Job | null = () => null): this {
    for (let day = from; day < to; day++) this.day(day, jobOf(day));
    return this;
  }
}

function weekly(uses: number): (day: number) => Job | null {
  return (day) => (day % WEEK === 0 ? { uses } : null);
}

describe('a job that wakes forty phones once a week', () => {
  it('is told the first time, and no more while it goes on', () => {
    expect(new World().days(0, 10 * WEEK, weekly(40)).told).toEqual([0]);
  });

  it('is told once where its category was new: what came after the alarm was part of what was told', () => {
    const camera = (day: number): Job | null => (day % WEEK === 0 ? { uses: 60, category: CAMERA } : null);
    expect(new World().days(0, 8 * WEEK, camera).told).toEqual([0]);
  });

  it('is told again when it comes to more than twice what was told', () => {
    const world = new World().days(0, 4 * WEEK, weekly(40));
    world.days(4 * WEEK, 5 * WEEK, weekly(40 * MORE_THAN_TOLD * 0.9));
    expect(world.told).toEqual([0]);
    world.days(5 * WEEK, 8 * WEEK, weekly(40 * MORE_THAN_TOLD * 2));
    expect(world.told).toEqual([0, 5 * WEEK]);
  });

  it('is told again when it did not come for four weeks', () => {
    const away = AMOUNT_TOLD_HOURS / 24 + 1;
    const world = new World().days(0, 2 * WEEK, weekly(40)).days(2 * WEEK, WEEK + away);
    world.day(WEEK + away, { uses: 40 });
    expect(world.told).toEqual([0, WEEK + away]);
  });

  it('does not hide another category', () => {
    const world = new World().days(0, 3 * WEEK, weekly(40));
    world.day(3 * WEEK, { uses: 40, category: CAMERA });
    expect(world.told).toEqual([0, 3 * WEEK]);
  });

  it('does not hide that each call takes far more', () => {
    const world = new World().days(0, 3 * WEEK, weekly(40));
    world.day(3 * WEEK, { uses: 20, bytes: 1e9 });
    expect(world.told).toEqual([0, 3 * WEEK]);
  });

  it('does not hide more on a day than was told, however slowly it comes', () => {
    const world = new World().days(0, 2 * WEEK, weekly(20));
    world.days(2 * WEEK, 2 * WEEK + 3, () => ({ uses: 240, hour: 1, every: 5 * 60 }));
    expect(world.told).toContain(2 * WEEK);
  });
});

describe('what goes through users each night', () => {
  it('is told in the first night, and not in the nights after it', () => {
    expect(new World().days(0, 3).days(3, 20, () => ({ uses: 30, hour: 2, every: 400 })).told).toEqual([3]);
  });
});

describe('what was told and comes back', () => {
  it('is no surprise of the day, and no share of it is left in any window when its hour is over', () => {
    const [withJob, without] = [new World(), new World()];
    for (const world of [withJob, without]) {
      world.days(0, WEEK, weekly(40));
      world.day(WEEK, world === withJob ? { uses: 40 } : null);
    }
    const { known } = withJob;
    for (const [i, cell] of windowsOf(withJob).entries()) expect(cell, `cell ${i}`).toBeCloseTo(windowsOf(without)[i]!, 4);
    const [program, at] = [known.programs.cellsOf(0), programRow(0)];
    expect(program[at + P_TOP_SCORE]).toBe(0);
    for (const feature of [SHARE, CALLS, BACKGROUND, USERS, NOVEL])
      expect(program[at + P_WORST + feature]).toBeLessThanOrEqual(known.calibrations[feature]!.ordinaryNats);
    expect(known.keys.told(withJob.key)!.heardHour).toBe((BEGIN + WEEK * DAY) / HOUR + 9);
    expect(known.keys.told(withJob.key)!.heardUses).toBeGreaterThanOrEqual(40);
  });

  it('is learned like anything else where it would not have alarmed', () => {
    const world = new World().days(0, WEEK + 1, weekly(40));
    const { heardHour } = world.known.keys.told(world.key)!;
    const before = usesOfDay(world);
    world.day(WEEK + 1, { uses: 5, every: 300 });
    expect(world.known.keys.told(world.key)!.heardHour).toBe(heardHour);
    expect(usesOfDay(world)).toBe(before + 5);
  });

  it('is remembered in checkpoints, and unknown in those of engines that did not', () => {
    const world = new World().days(0, WEEK + 1, weekly(40));
    const { keys } = world.known;
    const told = { ...keys.told(world.key)! };
    expect(told.kinds).toBeGreaterThan(0);
    expect(told.amount).toBeGreaterThanOrEqual(40);
    expect(told.heardHour).toBeGreaterThan(told.amountHour);
    expect(restored(keys).told(world.key)).toEqual(told);
    // As they wrote it.
    keys.touch(world.key);
    keys.makeTold(world.key).kinds = 0;
    const unknown = { kinds: 0, amount: 0, amountHour: 0, heardHour: 0, heardUses: 0 };
    expect(restored(keys).told(world.key)).toEqual({ ...told, ...unknown });
  });
});

function usesOfDay({ known, key }: World): number {
  return known.keys.cellsOf(key)[keyRow(key) + 2 * A_DAY * K_BLOCK + K_USES]!;
}

/** Windows of the program and of its photos. */
function windowsOf({ known, key }: World): number[] {
  const [program, at] = [known.programs.cellsOf(0), programRow(0)];
  const cells: number[] = [];
  for (let scale = 0; scale < SCALES; scale++) {
    const block = at + 2 * scale * P_BLOCK;
    cells.push(program[block + P_USES]!, program[block + P_CALLS]!, program[at + P_VISITS + scale]!);
    for (let i = 0; i < K_BLOCK; i++) cells.push(known.keys.cellsOf(key)[keyRow(key) + 2 * scale * K_BLOCK + i]!);
  }
  return cells;
}

function restored(keys: KeyRows): KeyRows {
  const copy = new KeyRows();
  for (const page of drawnPages(keys.pages)) copy.restore(new ByteReader(page));
  return copy;
}
