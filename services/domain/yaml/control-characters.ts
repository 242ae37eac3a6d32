/** Control characters that YAML 1.2 allows nowhere as they are: in a name nobody would see them, and it would match nothing. */
import type { BytePlace } from './utf8-lines.ts';

const [TAB, LINE_FEED, RETURN, SPACE] = [0x09, 0x0a, 0x0d, 0x20];

export interface ControlPlace extends BytePlace {
  /** The character's number. */
  readonly control: number;
}

/** The first of each line, of UTF-8 (in which such a byte is never part of another character); at most `max`. */
export function placesOfControls(bytes: Uint8Array, max: number): ControlPlace[] {
  const places: ControlPlace[] = [];
  let line = 1;
  let start = 0;
  for (let at = 0; at < bytes.length && places.length < max; at++) {
    const control = bytes[at]!;
    if (control === LINE_FEED) {
      line++;
      start = at + 1;
    } else if (control < SPACE && control !== TAB && control !== RETURN && places.at(-1)?.line !== line)
      places.push({ line, column: Buffer.from(bytes.subarray(start, at)).toString('utf8').length + 1, control });
  }
  return places;
}
