/** When in a week a program is used: the expected uses of an hour, from its own hours and the shape of its class. */
import { C_SHAPE, C_SHAPES, type ClassRow } from './state/class-rows.ts';
import { P_DAYS_SEEN, P_MEAN_HOUR, programRow, type ProgramRows } from './state/program-rows.ts';

/** Occurrences of an hour that are averaged over: the newest counts at least a twelfth. */
export const HOURS_AVERAGED = 12;
/** Strength of the shape of the class: a gamma prior worth three uses (Gelman et al., Bayesian Data Analysis, 2.6). */
const SHAPE_USES = 3;
/** Programs with a shape before a class has one. */
const SHAPES_MIN = 5;
const [SHAPE_FACTOR_MIN, SHAPE_FACTOR_MAX] = [0.05, 4];
const EXPECTED_MIN = 1e-4;

/** Hour of the week as 0-23 on working days and 24-47 on Saturdays and Sundays (UTC; the first of January 1970 was a Thursday). */
export function hourOfWeek(hour: number): number {
  const weekday = (Math.floor(hour / 24) + 4) % 7;
  return (weekday === 0 || weekday === 6 ? 24 : 0) + (hour % 24);
}

/** Expected uses of an hour; `slot` is the program's. */
export function expectedUses(programs: ProgramRows, slot: number, classRow: ClassRow, hour: number): number {
  const cells = programs.cellsOf(slot);
  const at = programRow(slot);
  const ofWeek = hourOfWeek(hour);
  const shapes = classRow[C_SHAPES]!;
  const factor = shapes > SHAPES_MIN ? (classRow[C_SHAPE + ofWeek]! / shapes) * 24 : 1;
  const byShape = Math.max(
    cells[at + P_MEAN_HOUR]! * Math.min(SHAPE_FACTOR_MAX, Math.max(SHAPE_FACTOR_MIN, factor)),
    EXPECTED_MIN,
  );
  const seen = Math.min(HOURS_AVERAGED, cells[at + P_DAYS_SEEN + (ofWeek < 24 ? 0 : 1)]!);
  return (SHAPE_USES + programs.usesOfHour(slot, ofWeek) * seen) / (SHAPE_USES / byShape + seen);
}
