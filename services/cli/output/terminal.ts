/** Text of others on a terminal: nothing in it may move the cursor, change colours or turn the reading direction. */

/** C0 and C1 controls, line and paragraph separators, bidirectional controls, zero-width and tag characters. */
const UNSAFE =
  // oxlint-disable-next-line no-control-regex -- these are the characters that are to be made visible
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/** Makes every such character visible as `\u{…}`. */
export function safe(text: string): string {
  return text.replace(UNSAFE, visible);
}

function visible(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}

/** The same of a text that has lines and columns of its own: tabs and line ends stay. */
export function safeLines(text: string): string {
  return text.replace(UNSAFE, (character, place: number) => {
    const isLayout = character === '\n' || character === '\t' || (character === '\r' && text[place + 1] === '\n');
    return isLayout ? character : visible(character);
  });
}

/** {@link safeLines} of bytes that come in pieces, which end inside a letter or a line end as it happens. */
export class SafeBytes {
  // A mark at the beginning is shown as every other one.
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #held = '';

  push(piece: Uint8Array): string {
    const text = this.#held + this.#decoder.decode(piece, { stream: true });
    // Only what follows says whether it is the first half of a line end.
    this.#held = text.endsWith('\r') ? '\r' : '';
    return safeLines(text.slice(0, text.length - this.#held.length));
  }

  end(): string {
    return safeLines(this.#held + this.#decoder.decode());
  }
}

const CHARACTERS_MAX = 120;

/** {@link safe}, cut to a length that fits a line. */
export function brief(text: string, charactersMax = CHARACTERS_MAX): string {
  const points = [...text];
  return safe(points.length > charactersMax ? `${points.slice(0, charactersMax - 1).join('')}…` : text);
}
