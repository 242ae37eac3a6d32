/** Widths of a table's columns on a terminal that is narrower than the table: cells are folded at spaces, and no word is cut for it. */

/** Letters that take the place of two: of East Asia, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/gu;
/** Marks that stand above or below the letter before them. */
const NARROWEST = /\p{Mn}/gu;

/** A word that is longer may be cut, the second one where the first does not help. No reason or category is longer than either. */
const WORD_CHARACTERS_MAX = [40, 24];

/**
 * Widths in columns of the terminal that come to at most `charactersMax`, if there are such: the widest column is narrowed first, none further than
 * its longest word. Null: the table fits as it is, or no folding makes it fit.
 * @param lines head and rows, cell by cell as they are shown
 * @param between characters between two columns
 */
export function fitColumns(lines: readonly (readonly string[])[], charactersMax: number, between: number): number[] | null {
  const columns = lines[0]?.length ?? 0;
  const widest = (column: number, width: (cell: string) => number): number =>
    lines.reduce((most, line) => Math.max(most, width(line[column] ?? '')), 0);
  const widths = Array.from({ length: columns }, (_, column) => widest(column, widthOf));
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
  return Math.max(...cell.split(' ').map(widthOf));
}

/** Columns of the terminal that a text takes. */
function widthOf(text: string): number {
  const letters = text.replace(NARROWEST, '');
  return [...letters].length + (letters.match(WIDE)?.length ?? 0);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}
