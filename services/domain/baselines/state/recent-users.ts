/**
 * Who was in which program lately, what they took there, and at what intervals: an entry for each user of a category of a program. A hash table
 * with buckets of eight whose oldest entry gives way, so memory has an end and the newest are remembered; users are keyed hashes, never
 * ids. It is part of the state: what gives way is a function of the log.
 *
 * All categories of one user of a program share a bucket, so that one look says when the user was last in the program at all. A bucket is four
 * lines of the processor's cache: what is compared stands in the first, times of last calls in the second, and the rest is read for one entry only.
 */
import { type ByteWriter, PageCorruptError } from '../../state/bytes.ts';
import { PageSet } from '../../state/page-set.ts';
import { SESSION_USES_MAX } from '../tuning.ts';

const BUCKET = 8;
const ENTRIES_AT_FIRST = 1024;
/** 262,144 entries of 32 bytes: 8 MiB a partition. */
const ENTRIES_MAX = 1 << 18;
const ENTRIES_PER_PAGE = 1024;
const FULL_SHARE = 0.7;

/** Words of an entry. */
const CELLS = 8;
/** Of a bucket: hashes, then checks with the category in their lowest byte, then last calls (seconds), of eight entries each. */
const BUCKET_CELLS = BUCKET * CELLS;
const CHECK = BUCKET;
const LAST = 2 * BUCKET;
/** Then of each entry: begin of the use (seconds), and three counts: calls of the use, intervals of the rhythm, uses of the session. */
const REST = 3 * BUCKET;
const USE = 0;
const COUNTS = 1;
/** Floats in the same words: interval (seconds), evidence for a narrow and for a wide rhythm (nats). */
const INTERVAL = 2;
const NARROW = 3;
const WIDE = 4;
const REST_CELLS = 5;
/**
 * In the word of counts, from its lowest bit on: calls have 8 bits, intervals 14, beats off screen 2, which engines before 11 had for intervals, and
 * uses 8, which engines before 10 left empty.
 */
const CALLS_MASK = 0xff;
const INTERVALS_SHIFT = 8;
const INTERVALS_MAX = 0x3fff;
const UNSEEN_SHIFT = 22;
/** More beats off screen are not told apart. */
export const UNSEEN_BEATS_MAX = 3;
const USES_SHIFT = 24;
/** Intervals after which an entry has a rhythm worth remembering. */
const RHYTHM_INTERVALS = 3;
const CATEGORY_MASK = 0xff;
/** From a word to its page: 1,024 entries of eight words. */
const PAGE_SHIFT = 13;

/** What {@link RecentUsers.find} found. One object of it serves all. */
export interface FoundUser {
  /** The entry, for the other questions. */
  at: number;
  isNew: boolean;
  /** When the user was last in the program, whatever for, seconds since 1970; 0 when nobody knows. */
  lastAnywhere: number;
}

export class RecentUsers {
  readonly pages = new PageSet((page, out) => this.#encode(page, out));
  readonly #found: FoundUser = { at: 0, isNew: false, lastAnywhere: 0 };
  #numbers = new Uint32Array(ENTRIES_AT_FIRST * CELLS);
  #floats = new Float32Array(this.#numbers.buffer);
  #used = 0;

  /** Entries in use. */
  get count(): number {
    return this.#used;
  }

  /** Bytes of memory. */
  get bytes(): number {
    return this.#numbers.byteLength;
  }

  get #entries(): number {
    return this.#numbers.length / CELLS;
  }

  /**
   * The entry of a user's category, made or taken from who was there longest ago. The answer is valid until the next call.
   * @param hash,check words of a keyed hash of (program, user); of `check` three bytes count
   */
  find(hash: number, check: number, category: number): FoundUser {
    const numbers = this.#numbers;
    const found = this.#found;
    const mark = ((check & ~CATEGORY_MASK) | category) >>> 0;
    // A power of two.
    const bucket = (hash & (numbers.length / BUCKET_CELLS - 1)) * BUCKET_CELLS;
    this.pages.touch(bucket >>> PAGE_SHIFT);
    found.at = -1;
    found.lastAnywhere = 0;
    for (let at = bucket; at < bucket + BUCKET; at++) {
      if (numbers[at] !== hash) continue;
      const other = (numbers[at + CHECK]! ^ mark) >>> 0;
      const last = numbers[at + LAST]!;
      if (other > CATEGORY_MASK || last === 0) continue;
      if (last > found.lastAnywhere) found.lastAnywhere = last;
      if (other === 0) found.at = at;
    }
    found.isNew = found.at === -1;
    if (found.isNew) found.at = this.#make(bucket, hash, mark);
    return found;
  }

  #make(bucket: number, hash: number, mark: number): number {
    const numbers = this.#numbers;
    const at = this.#oldestOf(bucket);
    if (numbers[at + LAST] === 0) this.#used++;
    numbers[at] = hash;
    numbers[at + CHECK] = mark;
    numbers[at + LAST] = 0;
    const rest = restOf(at);
    for (let i = rest; i < rest + REST_CELLS; i++) numbers[i] = 0;
    return at;
  }

  /** The first free entry of a bucket, or the one that was seen longest ago. */
  #oldestOf(bucket: number): number {
    let oldest = bucket;
    let age = Number.POSITIVE_INFINITY;
    for (let at = bucket; at < bucket + BUCKET; at++) {
      if (this.#numbers[at + LAST] === 0) return at;
      // Nothing is older than when it was last seen.
      if (this.#numbers[at + LAST]! >= age) continue;
      const its = this.#ageOf(at);
      if (its >= age) continue;
      oldest = at;
      age = its;
    }
    return oldest;
  }

  /** When it was last seen; a rhythm is remembered for two of its intervals more. */
  #ageOf(at: number): number {
    const last = this.#numbers[at + LAST]!;
    const rest = restOf(at);
    return this.intervals(at) >= RHYTHM_INTERVALS ? last + 2 * this.#floats[rest + INTERVAL]! : last;
  }

  /** Makes room when it gets full; entries that were found before are elsewhere then. */
  growIfFull(): void {
    const entries = this.#entries;
    if (entries >= ENTRIES_MAX || this.#used < FULL_SHARE * entries) return;
    const before = this.#numbers;
    // Pages that a checkpoint has not written yet are encoded as they are.
    for (let page = 0; page < Math.ceil((entries * 2) / ENTRIES_PER_PAGE); page++) this.pages.touch(page);
    this.#numbers = new Uint32Array(before.length * 2);
    this.#floats = new Float32Array(this.#numbers.buffer);
    for (let bucket = 0; bucket < before.length; bucket += BUCKET_CELLS) split(before, bucket, this.#numbers);
  }

  last(at: number): number {
    return this.#numbers[at + LAST]!;
  }

  /** Seconds have 32 bits, which are used up in 2106. Zero, which one of them would be then, is an entry that is free. */
  setLast(at: number, seconds: number): void {
    this.#numbers[at + LAST] = Math.max(1, seconds >>> 0);
  }

  useBegan(at: number): number {
    return this.#numbers[restOf(at) + USE]!;
  }

  /** A use begins with its first call. @param ofSession how many uses its session has with it */
  beginUse(at: number, seconds: number, ofSession: number): void {
    this.#numbers[restOf(at) + USE] = seconds;
    this.#setCounts(at, 1, this.intervals(at), this.unseenBeats(at), ofSession);
  }

  /** Uses of the session so far, up to 255; 0 in an entry of an engine that did not count them. */
  usesOfSession(at: number): number {
    return this.#numbers[restOf(at) + COUNTS]! >>> USES_SHIFT;
  }

  /** One more call of the use; answers how many there are, up to 255. */
  addCall(at: number): number {
    const counts = restOf(at) + COUNTS;
    const calls = this.#numbers[counts]! & CALLS_MASK;
    if (calls < CALLS_MASK) this.#numbers[counts]!++;
    return calls + 1;
  }

  intervals(at: number): number {
    return (this.#numbers[restOf(at) + COUNTS]! >>> INTERVALS_SHIFT) & INTERVALS_MAX;
  }

  /** Beats of the rhythm while the program was off screen, up to {@link UNSEEN_BEATS_MAX}. */
  unseenBeats(at: number): number {
    return (this.#numbers[restOf(at) + COUNTS]! >>> UNSEEN_SHIFT) & UNSEEN_BEATS_MAX;
  }

  addUnseenBeat(at: number): void {
    const counts = restOf(at) + COUNTS;
    if (this.unseenBeats(at) < UNSEEN_BEATS_MAX) this.#numbers[counts]! += 1 << UNSEEN_SHIFT;
  }

  interval(at: number): number {
    return this.#floats[restOf(at) + INTERVAL]!;
  }

  narrow(at: number): number {
    return this.#floats[restOf(at) + NARROW]!;
  }

  wide(at: number): number {
    return this.#floats[restOf(at) + WIDE]!;
  }

  /** Another rhythm, one of fewer than two intervals, begins without beats off screen. */
  setRhythm(at: number, intervals: number, interval: number, narrow: number, wide: number): void {
    const rest = restOf(at);
    const unseen = intervals > 1 ? this.unseenBeats(at) : 0;
    this.#setCounts(at, this.#numbers[rest + COUNTS]! & CALLS_MASK, intervals, unseen, this.usesOfSession(at));
    this.#floats[rest + INTERVAL] = interval;
    this.#floats[rest + NARROW] = narrow;
    this.#floats[rest + WIDE] = wide;
  }

  #setCounts(at: number, calls: number, intervals: number, unseen: number, uses: number): void {
    const rhythm = (Math.min(intervals, INTERVALS_MAX) << INTERVALS_SHIFT) | (unseen << UNSEEN_SHIFT);
    this.#numbers[restOf(at) + COUNTS] = (Math.min(uses, SESSION_USES_MAX) << USES_SHIFT) | rhythm | calls;
  }

  #encode(page: number, out: ByteWriter): void {
    const bytes = ENTRIES_PER_PAGE * CELLS * 4;
    out.raw(new Uint8Array(this.#numbers.buffer, page * bytes, bytes));
  }

  /** Takes up all stored pages. */
  restore(pages: readonly Buffer[]): void {
    if (pages.length === 0) return;
    const bytesPerPage = ENTRIES_PER_PAGE * CELLS * 4;
    const isPowerOfTwo = (pages.length & (pages.length - 1)) === 0;
    if (!isPowerOfTwo || pages.some(({ length }) => length !== bytesPerPage))
      throw new PageCorruptError('pages of users do not fit');
    const bytes = new Uint8Array(pages.length * bytesPerPage);
    pages.forEach((page, i) => bytes.set(page, i * bytesPerPage));
    this.#numbers = new Uint32Array(bytes.buffer);
    this.#floats = new Float32Array(bytes.buffer);
    for (let bucket = 0; bucket < this.#numbers.length; bucket += BUCKET_CELLS)
      for (let at = bucket; at < bucket + BUCKET; at++) if (this.#numbers[at + LAST] !== 0) this.#used++;
  }
}

/** Entries of a bucket, in their order, to where they belong in a table of twice the size: the same bucket, or the one that is new for it. */
function split(from: Uint32Array, bucket: number, to: Uint32Array): void {
  const mask = to.length / BUCKET_CELLS - 1;
  let [stay, move] = [0, 0];
  for (let at = bucket; at < bucket + BUCKET; at++) {
    if (from[at + LAST] === 0) continue;
    const its = (from[at]! & mask) * BUCKET_CELLS;
    const target = its + (its === bucket ? stay++ : move++);
    to[target] = from[at]!;
    to[target + CHECK] = from[at + CHECK]!;
    to[target + LAST] = from[at + LAST]!;
    const [source, rest] = [restOf(at), restOf(target)];
    for (let i = 0; i < REST_CELLS; i++) to[rest + i] = from[source + i]!;
  }
}

/** Where an entry's own words begin. */
function restOf(at: number): number {
  const entry = at & (BUCKET_CELLS - 1);
  return at - entry + REST + entry * REST_CELLS;
}
