/** A class as a prior says it, in means, and as the baselines hold it, in sums over program-days. */
import { CATEGORIES, CATEGORY_INDEX } from '../../../../schemas/codes.ts';
import type { CategoryPrior, ClassPrior } from '../../../../schemas/events/prior.ts';
import {
  C_BACKGROUND,
  C_CATEGORY,
  C_CELLS,
  C_DAYS,
  C_SHAPE,
  C_SHAPES,
  C_SHARE,
  C_SHARE_SQUARES,
  C_VISIT_DAYS,
  C_VISIT_SQUARES,
  C_VISIT_SUM,
  C_VISITS,
  C_VOLUME,
  C_VOLUME_SQUARES,
  C_WITH,
  categoryCell,
  type ClassRow,
} from '../state/class-rows.ts';

const SHAPE_CELLS = C_CATEGORY - C_SHAPE;
/** Significant digits of what is published: nothing learned from days is surer than that, and a record has a limit. */
const DIGITS = 6;

export function classPriorOf(name: string, row: ClassRow): ClassPrior {
  const days = row[C_DAYS]!;
  const visitDays = row[C_VISIT_DAYS]!;
  const shapes = row[C_SHAPES]!;
  const categories: CategoryPrior[] = [];
  for (const [index, category] of CATEGORIES.entries()) {
    const at = categoryCell(index);
    const withIt = row[at + C_WITH]!;
    if (row[at + C_SHARE] === 0 && withIt === 0) continue;
    categories.push({
      category,
      share: mean(row[at + C_SHARE]!, days, 1),
      shareSquare: mean(row[at + C_SHARE_SQUARES]!, days, 1),
      days: rounded(withIt),
      background: mean(row[at + C_BACKGROUND]!, withIt, 1),
      visits: mean(row[at + C_VISITS]!, withIt, 1),
      volume: mean(row[at + C_VOLUME]!, withIt, Number.POSITIVE_INFINITY),
      volumeSquare: mean(row[at + C_VOLUME_SQUARES]!, withIt, Number.POSITIVE_INFINITY),
    });
  }
  return {
    name,
    days: rounded(days),
    visits: {
      days: rounded(visitDays),
      mean: mean(row[C_VISIT_SUM]!, visitDays, 1),
      square: mean(row[C_VISIT_SQUARES]!, visitDays, 1),
    },
    week: {
      days: rounded(shapes),
      hours: Array.from({ length: SHAPE_CELLS }, (_, i) => mean(row[C_SHAPE + i]!, shapes, 2)),
    },
    categories,
  };
}

/** Categories that this release does not list are left out; of repeated ones the last counts. */
export function classRowOf({ days, visits, week, categories }: ClassPrior): ClassRow {
  const row = new Float64Array(C_CELLS);
  row[C_DAYS] = days;
  row[C_VISIT_DAYS] = visits.days;
  row[C_VISIT_SUM] = visits.mean * visits.days;
  row[C_VISIT_SQUARES] = visits.square * visits.days;
  row[C_SHAPES] = week.days;
  for (let i = 0; i < SHAPE_CELLS; i++) row[C_SHAPE + i] = week.hours[i]! * week.days;
  for (const one of categories) {
    const index = CATEGORY_INDEX.get(one.category);
    if (index === undefined) continue;
    const at = categoryCell(index);
    row[at + C_SHARE] = one.share * days;
    row[at + C_SHARE_SQUARES] = one.shareSquare * days;
    row[at + C_WITH] = one.days;
    row[at + C_BACKGROUND] = one.background * one.days;
    row[at + C_VISITS] = one.visits * one.days;
    row[at + C_VOLUME] = one.volume * one.days;
    row[at + C_VOLUME_SQUARES] = one.volumeSquare * one.days;
  }
  return row;
}

/** Sums of products may pass what they are the mean of by their last bit. */
function mean(sum: number, count: number, max: number): number {
  return count <= 0 ? 0 : Math.min(max, rounded(sum / count));
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
