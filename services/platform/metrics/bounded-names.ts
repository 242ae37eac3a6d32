/** Names that others choose and that become labels: how many there can be, how long they are, and which of them are shown. */

/** Sources with a label of their own. They are named by whoever sends, so there may not be any number of them. */
export const SOURCE_NAMES_MAX = 200;
/** Limits with a label of their own, over all policies that were in force while the process ran. */
export const LIMIT_NAMES_MAX = 200;
const NAME_CHARACTERS_MAX = 100;
/** Stands for all that have none. */
export const OTHER = 'other';

/**
 * Whether a source looks like the name of a host: `host/wechat-ios`, not `u_8f3a9c12`, an address, a telephone number or a UUID. Words of
 * letters with at most two digits behind them, and something between two words. It cannot tell `host/alice` from a host, so who
 * has senders that are not trusted with the choice lists the sources (`NTK_SOURCES`).
 */
const LOOKS_LIKE_A_NAME = /^[a-z]{1,24}\d{0,2}(?:[/._:-][a-z]{1,24}\d{0,2}){0,7}$/;

export function looksLikeAName(source: string): boolean {
  return source.length <= NAME_CHARACTERS_MAX && LOOKS_LIKE_A_NAME.test(source);
}

/** The first `max` names are shown, cut; the others are `other`. */
export class BoundedNames {
  readonly #max: number;
  readonly #shown = new Set<string>();

  constructor(max: number) {
    this.#max = max;
  }

  label(name: string): string {
    const short = name.slice(0, NAME_CHARACTERS_MAX);
    if (this.#shown.has(short)) return short;
    if (this.#shown.size >= this.#max) return OTHER;
    this.#shown.add(short);
    return short;
  }
}
