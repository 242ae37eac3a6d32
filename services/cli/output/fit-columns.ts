/** Widths of a table's columns on a terminal that is narrower than the table: cells are folded at spaces, and no word is cut for it. */

/** A word that is longer may be cut, the second one where the first does not help. No reason or category is longer than either. */
const WORD_CHARACTERS_MAX = [40, 24];

/**
 * Widths in characters that come to at most `charactersMax`, if there are such: the widest column is narrowed first, none further than
 * its longest word. Null: the table fits as it is, or no folding makes it fit.
 * @param lines head and rows, cell by cell as they are shown
 * @param between characters between two columns
 */
export function fitColumns(lines: readonly (readonly string[])[], charactersMax: number, between: number): number[] | null {
  const columns = lines[0]?.length ?? 0;
  const widest = (column: number, width: (cell: string) => number): number =>
    lines.reduce((most, line) => Math.max(most, width(line[column] ?? '')), 0);
  const widths = Array.from({ length: columns }, (_, column) => widest(column, (cell) => [...cell].length));
  const room = charactersMax - between * (columns - 1);
  let excess = sum(widths) - room;
  if (excess <= 0) return null;
  const words = widths.map((_, column) => widest(column, longestWord));
  const least = WORD_CHARACTERS_MAX.map((max) => words.map((word) => Math.min(word, max))).find((some) => sum(some) <= room);
  if (least === undefined) return null;
  for (const column of widths.map((_, i) => i).sort((a, b) => widths[b]! - widths[a]!)) {
    const taken = Math.min(excess, widths[column]! - least[column]!);
    widths[column]! -= taken;
    excess -= taken;
  }
  return widths;
}

function longestWord(cell: string): number {
  return Math.max(...cell.split(' ').map((word) => [...word].length));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}
