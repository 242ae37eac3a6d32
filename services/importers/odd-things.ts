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
  /** A privacy key of a WeChat manifest was mended: white space, case or a single letter. */
  | 'repaired_privacy_key'
  /** ... is not one that the platform has: declared under its own name, which matches no access. */
  | 'unknown_privacy_key'
  /** A member of a list of a manifest is not of a shape that the format has; the rest of the manifest holds. */
  | 'unread_member'
  /** A scope or an API that an app.json names is not known: declared under its own name. */
  | 'unknown_scope'
  /** Precise and fuzzy place are declared together, which the platform refuses. */
  | 'fuzzy_and_precise'
  /** A manifest says neither its version nor a time: it counts as version 1. */
  | 'no_version'
  /** A file has a second manifest of the same program; it is ignored as stale unless its version is higher. */
  | 'repeated_program'
  /** Android ops that hand over no personal data; their lines were left out. */
  | 'without_personal_data'
  /** An access of an Android dump that is still going on: it has no time yet and comes with a later dump. */
  | 'still_running'
  /** A state of an Android process that is not known: taken as on screen, for want of evidence. */
  | 'unknown_state'
  /** An access of an Android dump whose clock differs from the dump's by a change of its time zone: its age holds. */
  | 'other_utc_offset'
  /** ... by something else: its time holds. */
  | 'age_differs'
  /** Lines of an Android dump around what programs accessed: settings, watchers, restrictions. */
  | 'skipped_line'
  /** A file that should be an Android dump has no uid in it. */
  | 'no_appops'
  /** The file begins as text in UTF-16 does, of which no line can be read. */
  | 'utf16'
  /** The file is one JSON array, pretty-printed or not. */
  | 'json_array'
  /** The file has JSON objects of several lines each. */
  | 'pretty_json'
  /** None of the first lines is of the format that the file is read in; `first` is the one that they look like, where that is known. */
  | 'other_format'
  /** A line is not of a shape that the format has; it went into the log as it is and will be a reject. */
  | 'unknown_shape';

export interface OddThing {
  readonly code: OddCode;
  readonly count: number;
  /** Number of the first such line among the file's lines that are not blank, from 1. */
  readonly firstLine: number;
  /** What it was there, where that helps: a name of the host's or the developer's, never a user's. */
  readonly first?: string;
}

/** Of a name that is shown as an example. */
const EXAMPLE_UNITS_MAX = 80;

export class OddThings {
  readonly #byCode = new Map<OddCode, { count: number; firstLine: number; first?: string }>();

  note(code: OddCode, line: number, example?: string): void {
    const known = this.#byCode.get(code);
    if (known === undefined) {
      const first = example === undefined ? {} : { first: example.slice(0, EXAMPLE_UNITS_MAX).toWellFormed() };
      this.#byCode.set(code, { count: 1, firstLine: line, ...first });
    } else {
      known.count++;
      known.firstLine = Math.min(known.firstLine, line);
    }
  }

  /** In the order of their codes. */
  list(): OddThing[] {
    return [...this.#byCode].map(([code, thing]) => ({ code, ...thing })).sort((a, b) => (a.code < b.code ? -1 : 1));
  }
}
