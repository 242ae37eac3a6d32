import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FoundUser, RecentUsers } from '../../../../services/domain/baselines/state/recent-users.ts';
import { PageCorruptError } from '../../../../services/domain/state/bytes.ts';
import { Random } from '../../../reference/random.ts';
import { drawnPages, pagesLeft } from '../../state/drawn-pages.ts';

const ENTRIES_MAX = 1 << 18;
const BUCKET = 8;

interface Call {
  /** Few of them, so that buckets overflow. */
  readonly hash: number;
  readonly check: number;
  readonly seconds: number;
}

const calls = fc.array(
  fc.record({
    hash: fc.integer({ min: 0, max: 3 }).map((bucket) => bucket * 0x1000_0193),
    check: fc.integer({ min: 1, max: 40 }),
    seconds: fc.integer({ min: 0, max: 4000 }),
  }),
  { maxLength: 300 },
);

const LOCATION = 7;
const PHOTOS = 8;

/** Of a check three bytes count. */
const find = (users: RecentUsers, hash: number, check: number, category = LOCATION): FoundUser =>
  users.find(hash, (check << 8) >>> 0, category);

/** As the baselines use it. */
function see(users: RecentUsers, { hash, check }: Call, atSeconds: number): string {
  users.growIfFull();
  const { at, isNew } = find(users, hash, check);
  const interval = isNew ? 0 : atSeconds - users.last(at);
  if (isNew || atSeconds - users.useBegan(at) >= 60)
    users.beginUse(at, atSeconds, interval < 120 ? users.usesOfSession(at) + 1 : 1);
  else users.addCall(at);
  if (interval >= 60) users.setRhythm(at, users.intervals(at) + 1, interval, interval / 2, interval / 3);
  users.setLast(at, atSeconds);
  return [
    isNew,
    interval,
    users.usesOfSession(at),
    users.intervals(at),
    users.interval(at),
    users.narrow(at),
    users.wide(at),
  ].join(' ');
}

class Seen {
  #now = 1;

  all(users: RecentUsers, some: readonly Call[]): string[] {
    return some.map((call) => see(users, call, (this.#now += 1 + call.seconds)));
  }

  goingOn(): Seen {
    const other = new Seen();
    other.#now = this.#now;
    return other;
  }
}

function store(users: RecentUsers, pages?: Buffer[]): Buffer[] {
  return drawnPages(users.pages, pages);
}

/** Entries in use, wherever they lie, in hexadecimal digits: hash, check, last call, and the rest. */
function entriesIn(pages: readonly Buffer[]): string[] {
  const entries: string[] = [];
  for (const page of pages) {
    for (let bucket = 0; bucket < page.length; bucket += BUCKET * 32) {
      for (let i = 0; i < BUCKET; i++) {
        const words = [0, 1, 2].map((column) => bucket + column * BUCKET * 4 + i * 4);
        if (page.readUInt32LE(words[2]) === 0) continue;
        const rest = bucket + 3 * BUCKET * 4 + i * 20;
        entries.push(words.map((at) => page.toString('hex', at, at + 4)).join('') + page.toString('hex', rest, rest + 20));
      }
    }
  }
  return entries.toSorted();
}

function restored(pages: readonly Buffer[]): RecentUsers {
  const users = new RecentUsers();
  users.restore(pages);
  users.pages.restored(pages.length);
  return users;
}

describe('users who were in a program lately', () => {
  it('are known again with what was remembered of them', () => {
    const users = new RecentUsers();
    const { at } = find(users, 77, 5);
    users.beginUse(at, 100, 2);
    users.setRhythm(at, 3, 300, 9.5, 4.25);
    users.setLast(at, 130);
    const again = find(users, 77, 5);
    expect(again).toEqual({ at, isNew: false, lastAnywhere: 130 });
    expect([users.last(at), users.useBegan(at), users.usesOfSession(at)]).toEqual([130, 100, 2]);
    expect([users.intervals(at), users.interval(at)]).toEqual([3, 300]);
    expect([users.narrow(at), users.wide(at)]).toEqual([9.5, 4.25]);
    expect(find(users, 77, 6).isNew).toBe(true);
  });

  it('say of each category when they were last in the program, whatever for', () => {
    const users = new RecentUsers();
    users.setLast(find(users, 77, 5, LOCATION).at, 130);
    const photos = { ...find(users, 77, 5, PHOTOS) };
    expect(photos).toMatchObject({ isNew: true, lastAnywhere: 130 });
    users.setLast(photos.at, 90);
    expect(find(users, 77, 5, PHOTOS)).toMatchObject({ isNew: false, lastAnywhere: 130 });
    expect(find(users, 77, 6, LOCATION).lastAnywhere).toBe(0);
    expect(find(users, 77, 5, LOCATION)).toMatchObject({ isNew: false, lastAnywhere: 130 });
  });

  it('count the calls of a use and the uses of a session up to 255, without touching the rhythm', () => {
    const users = new RecentUsers();
    const { at } = find(users, 1, 1);
    users.beginUse(at, 100, 300);
    users.setRhythm(at, 70_000, 300, 1, 1);
    users.setLast(at, 100);
    let most = 0;
    for (let call = 0; call < 1000; call++) most = users.addCall(at);
    expect(most).toBe(256);
    expect([users.intervals(at), users.usesOfSession(at)]).toEqual([0x3fff, 255]);
    users.beginUse(at, 200, 4);
    expect([users.addCall(at), users.intervals(at), users.usesOfSession(at)]).toEqual([2, 0x3fff, 4]);
  });

  it('are known with up to three beats that were off screen, until another rhythm begins', () => {
    const users = new RecentUsers();
    const { at } = find(users, 1, 1);
    users.setLast(at, 100);
    users.beginUse(at, 100, 7);
    users.setRhythm(at, 70_000, 300, 1, 1);
    for (let beat = 0; beat < 5; beat++) users.addUnseenBeat(at);
    users.setRhythm(at, 70_000, 300, 1, 1);
    users.beginUse(at, 200, 255);
    const again = restored(store(users));
    expect([again.unseenBeats(at), again.intervals(at), again.usesOfSession(at)]).toEqual([3, 0x3fff, 255]);
    users.setRhythm(at, 1, 600, 0, 0);
    expect([users.unseenBeats(at), users.intervals(at), users.usesOfSession(at)]).toEqual([0, 1, 255]);
  });

  it('give way one at a time where a bucket is full, whoever was there longest ago first', () => {
    const users = new RecentUsers();
    for (let check = 1; check <= BUCKET + 3; check++) {
      const { at } = find(users, 0, check);
      users.setLast(at, 1000 + check);
    }
    const pages = store(users);
    const known = Array.from({ length: BUCKET + 3 }, (_, i) => !find(restored(pages), 0, i + 1).isNew);
    expect(known).toEqual([false, false, false, ...Array.from({ length: BUCKET }, () => true)]);
  });

  it('with a rhythm are remembered for two of its intervals more', () => {
    const users = new RecentUsers();
    const clock = find(users, 0, 99).at;
    users.setRhythm(clock, 3, 600, 5, 5);
    users.setLast(clock, 1000);
    for (let check = 1; check <= BUCKET; check++) {
      const { at } = find(users, 0, check);
      users.setLast(at, 1000 + 100 * check);
    }
    expect(find(users, 0, 99).isNew).toBe(false);
  });

  it('are as many as there is room for and no more, and the newest of a crowd are among them', () => {
    const users = new RecentUsers();
    const random = new Random(1);
    const crowd = Array.from({ length: 400_000 }, () => [random.below(2 ** 32), random.below(2 ** 32)] as const);
    crowd.forEach(([hash, check], i) => {
      users.growIfFull();
      users.setLast(find(users, hash, check).at, i + 1);
    });
    expect(users.count).toBeLessThanOrEqual(ENTRIES_MAX);
    expect(users.bytes).toBe(ENTRIES_MAX * 32);
    const newest = crowd.slice(-50_000);
    const known = newest.filter(([hash, check]) => !find(users, hash, check).isNew);
    expect(known.length).toBeGreaterThan(49_000);
  });

  it('are all there after it has grown', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const [random, users, seen] = [new Random(seed), new RecentUsers(), new Seen()];
        const { bytes } = users;
        const pages: Buffer[] = [];
        while (users.count < 0.7 * 1024)
          seen.all(users, [{ hash: random.below(2 ** 32), check: random.below(2 ** 32), seconds: random.below(90) }]);
        const there = entriesIn(store(users, pages));
        expect(there).toHaveLength(users.count);
        users.growIfFull();
        expect(users.bytes).toBe(2 * bytes);
        expect(entriesIn(store(users, pages))).toEqual(there);
      }),
      { numRuns: 20 },
    );
  });

  it('fill their buckets from the front after it has grown', () => {
    const [random, users] = [new Random(7), new RecentUsers()];
    for (let i = 1; users.count < 0.7 * 1024; i++)
      users.setLast(users.find(random.below(2 ** 32), random.below(2 ** 32), 1).at, i);
    users.growIfFull();
    const table = Buffer.concat(store(users));
    for (let bucket = 0; bucket < table.length; bucket += 256) {
      const lasts = Array.from({ length: BUCKET }, (_, i) => table.readUInt32LE(bucket + 64 + 4 * i));
      const used = lasts.filter((last) => last > 0);
      expect(lasts.slice(0, used.length)).toEqual(used);
    }
  });

  it('go on alike when they are taken up from pages, whenever these were written', () => {
    fc.assert(
      fc.property(calls, calls, (before, after) => {
        const [users, seen] = [new RecentUsers(), new Seen()];
        seen.all(users, before);
        const pages = store(users);
        const [twin, twinSeen] = [restored(pages), seen.goingOn()];
        expect(twin.count).toBe(users.count);
        expect(twinSeen.all(twin, after)).toEqual(seen.all(users, after));
        // Only what changed is written again; together with the first pages it is the whole.
        expect(store(twin, [...pages])).toEqual(store(users, [...pages]));
      }),
    );
  });

  it('are in pages as they were when the checkpoint began, also when it grows before they are written', () => {
    const users = new RecentUsers();
    const random = new Random(4);
    const one = (): Call => ({ hash: random.below(2 ** 32), check: random.below(2 ** 32), seconds: 10 });
    const seen = new Seen();
    seen.all(users, Array.from({ length: 700 }, one));
    users.pages.begin();
    const { bytes, count: before } = users;
    seen.all(users, Array.from({ length: 100 }, one));
    expect(users.bytes).toBeGreaterThan(bytes);
    const pages = pagesLeft(users.pages);
    expect(pages).toHaveLength(1);
    const lasts = entriesIn(pages).map((entry) => Buffer.from(entry, 'hex').readUInt32LE(8));
    expect(Math.max(...lasts)).toBe(1 + 700 * 11);
    expect(restored(pages).count).toBe(before);
  });

  it.each([
    ['a page that is cut', (page: Buffer) => [page.subarray(0, 100)]],
    ['a page that is missing', (page: Buffer) => [page, page, page]],
  ])('are not taken up from %s', (_, spoil) => {
    const users = new RecentUsers();
    users.setLast(find(users, 1, 1).at, 5);
    expect(() => new RecentUsers().restore(spoil(store(users)[0]!))).toThrow(PageCorruptError);
  });

  it('are in use at any second, also at the first one that 32 bits do not hold', () => {
    const users = new RecentUsers();
    for (const seconds of [2 ** 32, 2 ** 32 + 1]) users.setLast(find(users, 1, 1).at, seconds);
    const again = restored(store(users));
    expect([users.count, again.count]).toEqual([1, 1]);
    expect(find(users, 1, 1).isNew).toBe(false);
  });
});
