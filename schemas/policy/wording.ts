/** How problems of a policy are said: what was found and what to write in its place. */
import type { z } from 'zod';

/** Of a value or name that a message repeats; the rest is cut off. */
const QUOTED_CHARACTERS_MAX = 60;
/** A name this many edits away, but no more than a third of its length, is taken for a slip of the pen. */
const SLIP_EDITS_MAX = 3;

/** A value as a message shows it: short, on one line, without control characters. */
export function quoted(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a mapping';
  if (typeof value !== 'string') return String(value);
  return `'${printable(value, QUOTED_CHARACTERS_MAX)}'`;
}

/** A text of others for a message: cut, on one line, without what could command a terminal or hide from a reader. */
export function printable(text: string, charactersMax: number): string {
  const cut = text.length > charactersMax ? `${text.slice(0, charactersMax)}…` : text;
  return cut.toWellFormed().replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`);
}

/** Error text of a schema whose value is missing or wrong; `what` completes "give ...". */
export function give(what: string): z.core.$ZodErrorMap {
  return ({ input }) =>
    input === undefined || input === null ? `missing: give ${what}` : `found ${quoted(input)}: give ${what}`;
}

/** Error text of a schema whose value is not one of a closed list; `kind` names what the list is of. */
export function oneOf(kind: string, known: readonly string[]): z.core.$ZodErrorMap {
  const listed = give(`one of ${known.join(', ')}`);
  return (issue) => (typeof issue.input === 'string' ? unknownName(kind, issue.input, known) : listed(issue));
}

/** The known name that was probably meant, or else all of them. */
export function unknownName(kind: string, name: string, known: readonly string[]): string {
  const meant = closestTo(name, known);
  const hint = meant === undefined ? `known are ${known.join(', ')}` : `did you mean '${meant}'?`;
  return `unknown ${kind} ${quoted(name)}; ${hint}`;
}

export function closestTo(name: string, known: readonly string[], editsMax = SLIP_EDITS_MAX): string | undefined {
  let closest: string | undefined;
  let fewest = Math.min(editsMax, Math.ceil(name.length / 3)) + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= fewest) continue;
    const edits = editsBetween(name, candidate);
    if (edits < fewest) [closest, fewest] = [candidate, edits];
  }
  return closest;
}

/** Letters to insert, remove or replace (Levenshtein). Names of a known length only: the caller compares lengths first. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
