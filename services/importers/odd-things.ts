/** What readers noticed without being stopped by it, counted, with the first place of each kind. */

export type OddCode =
  /** An interval of an Apple report has an end and no begin: the access stands at the end's time. */
  | 'end_without_begin'
  /** ... has a begin and no end: the access has no duration. */
  | 'begin_without_end'
  /** ... ends before it begins: duration 0. */
  | 'end_before_begin'
  /** ... has two begins or two ends: the first of each holds. */
  | 'repeated_identifier'
  /** A line is not of a shape that the format has; it went into the log as it is and will be a reject. */
  | 'unknown_shape';

export interface OddThing {
  readonly code: OddCode;
  readonly count: number;
  /** Number of the first such line among the file's lines that are not blank, from 1. */
  readonly firstLine: number;
}

export class OddThings {
  readonly #byCode = new Map<OddCode, { count: number; firstLine: number }>();

  note(code: OddCode, line: number): void {
    const known = this.#byCode.get(code);
    if (known === undefined) this.#byCode.set(code, { count: 1, firstLine: line });
    else {
      known.count++;
      known.firstLine = Math.min(known.firstLine, line);
    }
  }

  /** In the order of their codes. */
  list(): OddThing[] {
    return [...this.#byCode]
      .map(([code, { count, firstLine }]) => ({ code, count, firstLine }))
      .sort((a, b) => (a.code < b.code ? -1 : 1));
  }
}
