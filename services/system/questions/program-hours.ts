/** Asks the warehouse for the hours of one program, as of the log positions at this moment, and has them judged as series. */
import { HOUR_SPAN_SQL, type HourMeasure, type HourRow, type HourSpanRow, hoursSql } from '../../domain/report/hour-queries.ts';
import type { QueryParams } from '../../platform/warehouse/warehouse.ts';
import { judgeHours, type JudgedSeries } from '../../series/program-hours.ts';
import { ofProgram, type Positions, positionsNow, type ReportSource, requireResults } from './report.ts';

/** Three years. One access of 1970 in a file of history would else be half a million hours. */
export const HOURS_MAX = 3 * 366 * 24;
const HOUR_MS = 3_600_000;
const MS_US = 1000;

export interface HoursRequest {
  readonly program: string;
  /** Null: each of them, and all together. */
  readonly category: string | null;
  readonly measure: HourMeasure;
  /** Hours that begin earlier are learned from and not told. Microseconds since 1970. */
  readonly fromUs: number;
  /** What is later is not looked at. */
  readonly toUs: number;
  /** So many hours before the last one are learned from and told, at most. @default three years */
  readonly hoursMax?: number;
}

export interface ProgramHours {
  /** Each from the program's first hour, or `fromUs`, to its last one. */
  readonly series: readonly JudgedSeries[];
  /** Accesses of the program that are stored, all categories or the one. */
  readonly accesses: number;
  /** Milliseconds since 1970 of the first hour that was learned from. */
  readonly learnedFromMs: number;
  /** Whether there is more before that, which was not looked at. */
  readonly isMoreBefore: boolean;
  /** Records of the log that are not judged and stored yet. */
  readonly unwritten: number;
}

/** @throws UserError when what is stored is of other logs */
export async function programHours(source: ReportSource, request: HoursRequest): Promise<ProgramHours> {
  await requireResults(source);
  return programHoursAsOf(source, request, await positionsNow(source));
}

/** The same as of positions that were noted before, of whoever judges and stores this log itself and may have stored nothing yet. */
export async function programHoursAsOf(source: ReportSource, request: HoursRequest, noted: Positions): Promise<ProgramHours> {
  const { logId, warehouse } = source;
  const { partitions, positions, unwritten } = ofProgram(source, noted, request.program);
  const { program, category, toUs, hoursMax = HOURS_MAX } = request;
  const asked: QueryParams = { logId, partitions, positions, fromUs: 0, toUs, program, category: category ?? '' };
  const [span] = await warehouse.query<HourSpanRow>(HOUR_SPAN_SQL, asked);
  const [accesses, first, last] = [Number(span!.accesses), Number(span!.first_hour), Number(span!.last_hour)];
  if (accesses === 0) return { series: [], accesses, learnedFromMs: 0, isMoreBefore: false, unwritten };
  const firstHour = Math.max(first, last - hoursMax + 1);
  const rows = await warehouse.query<HourRow>(hoursSql(request.measure), { ...asked, firstHour });
  const counts = rows
    .filter(({ is_total }) => category === null || is_total === 0)
    .map(({ category: name, is_total, hour, value }) => ({ category: is_total === 1 ? null : name, hour: Number(hour), value }));
  const told = judgeHours(counts, firstHour, last).map((series) => ({
    ...series,
    hours: series.hours.filter(({ startMs }) => startMs * MS_US >= request.fromUs),
  }));
  return { series: told, accesses, learnedFromMs: firstHour * HOUR_MS, isMoreBefore: firstHour > first, unwritten };
}
