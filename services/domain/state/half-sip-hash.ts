/**
 * HalfSipHash-1-3 (J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF"; the 32-bit variant of the reference
 * code), two lanes of 64 bits with different keys: 128 bits that nobody who does not know the key can make collide. An event
 * whose id collided with another's would go unjudged, so a plain hash will not do; a cryptographic one costs five times more.
 *
 * Input are strings as UTF-16 code units, two a word, each string closed by its length, so that no two lists of strings look
 * alike. The state after a prefix can be kept: the subject and source of a program repeat, only the id is new each time.
 */

/** v0..v3 of lane one, v0..v3 of lane two. */
export type SipState = Int32Array;

export interface SipKey {
  readonly initial: SipState;
}

/** A key from 16 bytes. */
export function sipKey(bytes: Uint8Array): SipKey {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  const [k0, k1, k2, k3] = [view.getInt32(0, true), view.getInt32(4, true), view.getInt32(8, true), view.getInt32(12, true)];
  // 0x6c796765 and 0x74656462 are HalfSipHash's own constants; its 64-bit output flips v1 by 0xee.
  return {
    initial: Int32Array.of(k0, k1 ^ 0xee, k0 ^ 0x6c796765, k1 ^ 0x74656462, k2, k3 ^ 0xee, k2 ^ 0x6c796765, k3 ^ 0x74656462),
  };
}

/** Units of the string that is taken in; longer ones make it longer. */
let units = new Uint16Array(256);

function reserveUnits(length: number): void {
  if (length > units.length) units = new Uint16Array(length * 2);
}

/** Takes in one string; `from` stays as it is, `into` may be the same array. */
export function sipAbsorb(from: SipState, text: string, into: SipState): void {
  const { length } = text;
  reserveUnits(length);
  for (let i = 0; i < length; i++) units[i] = text.charCodeAt(i);
  absorbUnits(from, length, into);
}

/** The same for the string that `bytes[start, end)` are, which are ASCII. */
export function sipAbsorbAscii(from: SipState, bytes: Uint8Array, start: number, end: number, into: SipState): void {
  const length = end - start;
  reserveUnits(length);
  for (let i = 0; i < length; i++) units[i] = bytes[start + i]!;
  absorbUnits(from, length, into);
}

/** Takes in words as the string of their halves. */
export function sipAbsorbWords(from: SipState, words: Uint32Array, into: SipState): void {
  const length = words.length * 2;
  reserveUnits(length);
  for (let i = 0; i < words.length; i++) {
    units[2 * i] = words[i]! & 0xffff;
    units[2 * i + 1] = words[i]! >>> 16;
  }
  absorbUnits(from, length, into);
}

function absorbUnits(from: SipState, length: number, into: SipState): void {
  const text = units;
  let a0 = from[0]!,
    a1 = from[1]!,
    a2 = from[2]!,
    a3 = from[3]!;
  let b0 = from[4]!,
    b1 = from[5]!,
    b2 = from[6]!,
    b3 = from[7]!;
  const words = (length + 1) >> 1;
  for (let i = 0; i <= words; i++) {
    const at = i << 1;
    // The last word is the length; a missing second unit is 0.
    const m = i === words ? length : text[at]! | (at + 1 < length ? text[at + 1]! << 16 : 0);
    a3 ^= m;
    a0 = (a0 + a1) | 0;
    a1 = (a1 << 5) | (a1 >>> 27);
    a1 ^= a0;
    a0 = (a0 << 16) | (a0 >>> 16);
    a2 = (a2 + a3) | 0;
    a3 = (a3 << 8) | (a3 >>> 24);
    a3 ^= a2;
    a0 = (a0 + a3) | 0;
    a3 = (a3 << 7) | (a3 >>> 25);
    a3 ^= a0;
    a2 = (a2 + a1) | 0;
    a1 = (a1 << 13) | (a1 >>> 19);
    a1 ^= a2;
    a2 = (a2 << 16) | (a2 >>> 16);
    a0 ^= m;
    b3 ^= m;
    b0 = (b0 + b1) | 0;
    b1 = (b1 << 5) | (b1 >>> 27);
    b1 ^= b0;
    b0 = (b0 << 16) | (b0 >>> 16);
    b2 = (b2 + b3) | 0;
    b3 = (b3 << 8) | (b3 >>> 24);
    b3 ^= b2;
    b0 = (b0 + b3) | 0;
    b3 = (b3 << 7) | (b3 >>> 25);
    b3 ^= b0;
    b2 = (b2 + b1) | 0;
    b1 = (b1 << 13) | (b1 >>> 19);
    b1 ^= b2;
    b2 = (b2 << 16) | (b2 >>> 16);
    b0 ^= m;
  }
  into[0] = a0;
  into[1] = a1;
  into[2] = a2;
  into[3] = a3;
  into[4] = b0;
  into[5] = b1;
  into[6] = b2;
  into[7] = b3;
}

/** Finishes: writes four words to `out`. `state` is left changed. */
export function sipFinish(state: SipState, out: Uint32Array): void {
  for (let lane = 0; lane < 2; lane++) {
    const at = lane << 2;
    let v0 = state[at]!,
      v1 = state[at + 1]!,
      v2 = state[at + 2]! ^ 0xee,
      v3 = state[at + 3]!;
    for (let half = 0; half < 2; half++) {
      for (let round = 0; round < 3; round++) {
        v0 = (v0 + v1) | 0;
        v1 = (v1 << 5) | (v1 >>> 27);
        v1 ^= v0;
        v0 = (v0 << 16) | (v0 >>> 16);
        v2 = (v2 + v3) | 0;
        v3 = (v3 << 8) | (v3 >>> 24);
        v3 ^= v2;
        v0 = (v0 + v3) | 0;
        v3 = (v3 << 7) | (v3 >>> 25);
        v3 ^= v0;
        v2 = (v2 + v1) | 0;
        v1 = (v1 << 13) | (v1 >>> 19);
        v1 ^= v2;
        v2 = (v2 << 16) | (v2 >>> 16);
      }
      out[(lane << 1) + half] = v1 ^ v3;
      v1 ^= 0xdd;
    }
  }
}
