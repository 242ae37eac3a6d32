/** Times of records as nearly all hosts write them: in UTC, with up to six digits of a second, and most in the minute of the one before. */
import type { PlainJson } from './plain-json.ts';
import { INVALID_TIME, parseTimeUs } from './time.ts';

const FRACTION_DIGITS_MAX = 6;
const MINUTE_LENGTH = 'YYYY-MM-DDTHH:MM:'.length;
const SECONDS_LENGTH = MINUTE_LENGTH + 2;
const US_PER_SECOND = 1_000_000;
const DOT = 0x2e;
const ZERO = 0x30;
const UTC = 0x5a;

export class TimeScan {
  /** The minute of the last time, as it was written, and what it is. */
  readonly #minute = new Uint8Array(MINUTE_LENGTH);
  #minuteUs = INVALID_TIME;

  /** Reads the string that is next: microseconds since 1970. What is no time makes the record unusual. */
  read(json: PlainJson): number {
    const { bytes } = json;
    const start = json.at + 1;
    let at = start + SECONDS_LENGTH;
    let fractionUs = 0;
    if (bytes[at] === DOT) {
      let scale = 100_000;
      for (let digit = bytes[++at]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++at]! - ZERO) {
        fractionUs += digit * scale;
        scale /= 10;
      }
    }
    const digits = at - start - SECONDS_LENGTH - 1;
    if (bytes[at] !== UTC || digits === 0 || digits > FRACTION_DIGITS_MAX) return otherTimeUs(json);
    json.closeString(start, at + 1);
    const secondUs = this.#secondUs(bytes, start);
    if (secondUs === INVALID_TIME) json.unusual();
    return secondUs + fractionUs;
  }

  /** The second that begins at `start`; {@link INVALID_TIME} for what is none. */
  #secondUs(bytes: Buffer, start: number): number {
    const [tens, ones] = [bytes[start + MINUTE_LENGTH]! - ZERO, bytes[start + MINUTE_LENGTH + 1]! - ZERO];
    const isPlain = tens >= 0 && tens <= 5 && ones >= 0 && ones <= 9;
    if (!isPlain) return parseTimeUs(`${bytes.toString('latin1', start, start + SECONDS_LENGTH)}Z`);
    if (!this.#isSameMinute(bytes, start)) this.#readMinute(bytes, start);
    return this.#minuteUs === INVALID_TIME ? INVALID_TIME : this.#minuteUs + (tens * 10 + ones) * US_PER_SECOND;
  }

  #isSameMinute(bytes: Buffer, start: number): boolean {
    const minute = this.#minute;
    // From its end on: that is where it changes.
    for (let i = MINUTE_LENGTH - 1; i >= 0; i--) if (bytes[start + i] !== minute[i]) return false;
    return true;
  }

  #readMinute(bytes: Buffer, start: number): void {
    const end = start + MINUTE_LENGTH;
    this.#minuteUs = parseTimeUs(`${bytes.toString('latin1', start, end)}00Z`);
    this.#minute.set(bytes.subarray(start, end));
  }
}

/** With an offset, or more digits than are kept. */
function otherTimeUs(json: PlainJson): number {
  const us = parseTimeUs(json.string());
  if (us === INVALID_TIME) json.unusual();
  return us;
}
