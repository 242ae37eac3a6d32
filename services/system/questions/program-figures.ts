/** Asks the warehouse what the pages say of programs, as of the log positions at this moment. */
import { TIME_END_US } from '../../domain/record/time.ts';
import type { BreakdownRow, HeadlineRow } from '../../domain/report/interception-report.ts';
import { type ListedProgram, listedProgram, programFigures, type ProgramFigures } from '../../domain/report/program-figures.ts';
import {
  PROGRAM_CATEGORIES_SQL,
  PROGRAM_HEADLINE_SQL,
  PROGRAM_REASONS_SQL,
  type ProgramCategoryRow,
  type ProgramRow,
  PROGRAMS_SQL,
} from '../../domain/report/program-queries.ts';
import { ofProgram, type Positions, positionsNow, type ReportSource } from './report.ts';

/** Those to look at first: with most intercepted attempts, those of a stricter mode among them. At most `max`. */
export async function programsToLookAt(source: ReportSource, max: number): Promise<ListedProgram[]> {
  const { logId, warehouse } = source;
  const { partitions, positions } = await positionsNow(source);
  return (await warehouse.query<ProgramRow>(PROGRAMS_SQL, { logId, partitions, positions, max })).map(listedProgram);
}

/** Over everything that is stored of one program; zeros where that is nothing. */
export async function figuresOf(source: ReportSource, program: string, noted: Positions): Promise<ProgramFigures> {
  const { logId, warehouse } = source;
  const { partitions, positions } = ofProgram(source, noted, program);
  const asked = { logId, partitions, positions, fromUs: 0, toUs: TIME_END_US, program };
  const [headline] = await warehouse.query<HeadlineRow>(PROGRAM_HEADLINE_SQL, asked);
  const reasons = await warehouse.query<BreakdownRow>(PROGRAM_REASONS_SQL, asked);
  const categories = await warehouse.query<ProgramCategoryRow>(PROGRAM_CATEGORIES_SQL, asked);
  return programFigures(headline!, reasons, categories);
}
