/**
 * What happens to real series and nobody labels: a level that is another one for hours, a short burst, a calm, a small shift for good. A
 * harder test than clean look-alikes, where nearly all that is odd is labelled.
 */
import type { Chance } from '../../../services/simulator/chance/chance.ts';
import type { LabelledSeries } from '../nab/series.ts';

/** Longest change that ends, as a part of the series; shortest, in rows. */
const LENGTH_SHARE = 1 / 12;
const LENGTH_ROWS_MIN = 30;

/** @param count of changes that are planted and not labelled */
export function cluttered(series: LabelledSeries, count: number, chance: Chance): LabelledSeries {
  const values = series.values.slice();
  const rows = values.length;
  const sorted = values.toSorted();
  const median = sorted[rows >> 1]!;
  const range = sorted[Math.floor(0.98 * rows)]! - sorted[Math.floor(0.02 * rows)]!;
  const isNeverNegative = sorted[0]! >= 0;
  for (let i = 0; i < count; i++) {
    const from = Math.floor(chance.within(0.03, 0.95) * rows);
    const amount = range * chance.within(0.2, 0.8) * (chance.isBelow(0.6) ? 1 : -1);
    const length = chance.between(LENGTH_ROWS_MIN, Math.ceil(rows * LENGTH_SHARE) + LENGTH_ROWS_MIN);
    const change = [
      { length, to: (value: number) => value + amount },
      { length: chance.between(1, 4), to: (value: number) => value + 1.5 * amount },
      { length, to: (value: number) => median + 0.3 * (value - median) },
      { length: rows, to: (value: number) => value + 0.4 * amount },
    ][chance.below(4)]!;
    for (let row = from; row < Math.min(rows, from + change.length); row++) values[row] = change.to(values[row]!);
  }
  return { ...series, values: isNeverNegative ? values.map((value) => Math.max(0, value)) : values };
}
