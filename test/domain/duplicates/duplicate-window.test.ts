import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DuplicateWindow } from '../../../services/domain/duplicates/duplicate-window.ts';
import { sipAbsorb, sipFinish, sipKey } from '../../../services/domain/state/half-sip-hash.ts';
import { ByteReader } from '../../../services/domain/state/bytes.ts';
import { drawnPages } from '../state/drawn-pages.ts';

const key = sipKey(Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex'));

function hashOf(...texts: string[]): Uint32Array {
  const state = Int32Array.from(key.initial);
  for (const text of texts) sipAbsorb(state, text, state);
  const hash = new Uint32Array(4);
  sipFinish(state, hash);
  return hash;
}

/** What the window is: the last `capacity` accepted ids. */
class PlainWindow {
  readonly #capacity: number;
  readonly #ids: string[] = [];
  constructor(capacity: number) {
    this.#capacity = capacity;
  }
  accept(id: string): boolean {
    if (this.#ids.includes(id)) return false;
    this.#ids.push(id);
    if (this.#ids.length > this.#capacity) this.#ids.shift();
    return true;
  }
}

function accept(window: DuplicateWindow, id: string): boolean {
  const hash = hashOf(id);
  if (window.has(hash)) return false;
  window.add(hash, 0);
  return true;
}

describe('the duplicate window', () => {
  const ids = fc.array(fc.integer({ min: 0, max: 120 }).map(String), { maxLength: 400 });

  it('remembers exactly the last accepted ids', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), ids, (capacity, sequence) => {
        const window = new DuplicateWindow(capacity);
        const plain = new PlainWindow(capacity);
        for (const id of sequence) expect(accept(window, id)).toBe(plain.accept(id));
      }),
    );
  });

  it('goes on the same after it was stored and taken up again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), ids, ids, (capacity, before, after) => {
        const window = new DuplicateWindow(capacity);
        for (const id of before) accept(window, id);
        const restored = new DuplicateWindow(capacity);
        drawnPages(window.pages).forEach((bytes, page) => restored.restore(new ByteReader(bytes), page));
        restored.restored(window.total);
        for (const id of after) expect(accept(restored, id)).toBe(accept(window, id));
      }),
    );
  });

  it('holds all 262,144 of the contract and forgets the one before', () => {
    const window = new DuplicateWindow();
    for (let i = 0; i <= 262_144; i++) accept(window, `id-${i}`);
    expect(window.count).toBe(262_144);
    expect(window.has(hashOf('id-0'))).toBe(false);
    expect(window.has(hashOf('id-1'))).toBe(true);
    expect(window.has(hashOf('id-262144'))).toBe(true);
  });
});

describe('the age of the duplicate window', () => {
  const PAGE = 8_192;
  const numbered = (i: number): Uint32Array => new Uint32Array(4).fill(Math.imul(i, 0x9e3779b1));

  function restored(window: DuplicateWindow, capacity: number): DuplicateWindow {
    const again = new DuplicateWindow(capacity);
    drawnPages(window.pages).forEach((bytes, page) => again.restore(new ByteReader(bytes), page));
    again.restored(window.total);
    return again;
  }

  it.each([3 * PAGE, 2 * PAGE + 1_000])('of %i ids is that of the oldest, to a page, however often it went round', (capacity) => {
    const window = new DuplicateWindow(capacity);
    expect(window.oldestMs).toBeNull();
    for (let i = 0; i < 3 * capacity; i++) {
      window.add(numbered(i), i);
      if (i % 1_000 !== 0) continue;
      const oldestMs = Math.max(0, i + 1 - capacity);
      expect(window.oldestMs).toBeGreaterThanOrEqual(oldestMs);
      expect(window.oldestMs).toBeLessThan(oldestMs + PAGE);
    }
    expect(restored(window, capacity).oldestMs).toBe(window.oldestMs);
  });
});

describe('the hash of an id', () => {
  it('tells lists of texts apart that join to the same', () => {
    expect(hashOf('ab', 'c')).not.toEqual(hashOf('a', 'bc'));
    expect(hashOf('a\0', 'b')).not.toEqual(hashOf('a', '\0b'));
    expect(hashOf('é')).not.toEqual(hashOf('e\u0301'));
  });

  it('has no collision among 200,000 ids', () => {
    const seen = new Set<string>();
    for (let i = 0; i < 200_000; i++) seen.add(hashOf(`event-${i}`).join());
    expect(seen.size).toBe(200_000);
  });
});
