/** Asks the warehouse for the interception report, as of the log positions at this moment. */
import {
  type BreakdownRow,
  type HeadlineRow,
  interceptionReport,
  type LedgerSums,
} from '../../domain/report/interception-report.ts';
import {
  BY_CATEGORY_SQL,
  BY_CLASS_SQL,
  BY_REASON_SQL,
  COVERED_SQL,
  HEADLINE_SQL,
  LEDGER_SQL,
  LOGS_SQL,
  ROWS_STORED_SQL,
  STORED_POSITIONS_SQL,
  TOP_PROGRAMS_SQL,
} from '../../domain/report/queries.ts';
import type { InterceptionReport } from '../../../schemas/report/interceptions.ts';
import { partitionOf } from '../../domain/partitioning/murmur2.ts';
import type { EventLog } from '../../platform/log/event-log.ts';
import { readAcceptedGaps } from '../../platform/warehouse/accepted-gaps.ts';
import type { QueryParams, Warehouse } from '../../platform/warehouse/warehouse.ts';
import { storedByThen } from './stored-by-then.ts';
import { stillUndecided, unwrittenFrom } from './unwritten.ts';
import { UserError } from '../user-error.ts';

export interface ReportRequest {
  readonly fromUs: number;
  readonly toUs: number;
  readonly nowMs: number;
}

export interface ReportSource {
  /** Null when only the warehouse is at hand: the ledger then says how far the log is stored. */
  readonly log: EventLog | null;
  readonly logId: string;
  readonly warehouse: Warehouse;
  /** Somebody may be storing what comes into the log: a report waits for what was there when it began. @default false */
  readonly isFed?: boolean;
}

/** How far the log was stored when a report began. */
export interface Positions {
  readonly partitions: number[];
  readonly positions: number[];
  /** Records of the log that are not stored. */
  readonly unwritten: number;
  /** More is stored than the log has: an older one was restored. */
  readonly isBeyondLog: boolean;
}

export async function reportInterceptions(source: ReportSource, request: ReportRequest): Promise<InterceptionReport> {
  // The positions come first: what is stored later is left out of every figure.
  return reportAsOf(source, request, await positionsToReport(source));
}

/** The same as of positions that were noted before. */
export async function reportAsOf(
  { logId, warehouse }: ReportSource,
  request: ReportRequest,
  { partitions, positions, unwritten, isBeyondLog }: Positions,
): Promise<InterceptionReport> {
  const asOf: QueryParams = { logId, partitions, positions };
  const inRange: QueryParams = { ...asOf, fromUs: request.fromUs, toUs: request.toUs };
  const [headline] = await warehouse.query<HeadlineRow>(HEADLINE_SQL, inRange);
  const byReason = await warehouse.query<BreakdownRow>(BY_REASON_SQL, inRange);
  const byCategory = await warehouse.query<BreakdownRow>(BY_CATEGORY_SQL, inRange);
  const byClass = await warehouse.query<BreakdownRow>(BY_CLASS_SQL, inRange);
  const topPrograms = await warehouse.query<{ program: string; attempts: string }>(TOP_PROGRAMS_SQL, inRange);
  const [ledger] = await warehouse.query<LedgerSums>(LEDGER_SQL, asOf);
  const [entries] = await warehouse.query<{ covered: string }>(COVERED_SQL, asOf);
  const nextOf = new Map(partitions.map((partition, i) => [partition, positions[i]!]));
  const gaps = (await readAcceptedGaps(warehouse, logId)).filter(({ partition, to }) => to <= (nextOf.get(partition) ?? 0));
  const [stored] = await warehouse.query<{ rows_stored: string }>(ROWS_STORED_SQL, asOf);
  return interceptionReport({
    fromUs: request.fromUs,
    toUs: request.toUs,
    asOfMs: request.nowMs,
    headline: headline!,
    byReason,
    byCategory,
    byClass,
    topPrograms,
    ledger: ledger!,
    gaps,
    rowsStored: Number(stored!.rows_stored),
    isLedgerWhole: !isBeyondLog && Number(entries!.covered) === positions.reduce((sum, next) => sum + next, 0),
    unwritten,
  });
}

/** Where a report begins: everything that is in the log now lies before, where it is stored in time. */
export async function positionsToReport(source: ReportSource): Promise<Positions> {
  const { log, isFed = false } = source;
  const noted = await positionsNow(source);
  if (log === null || !isFed || noted.unwritten === 0) return noted;
  let positions = noted.positions;
  const isStored = await storedByThen(log, async () => (positions = await storedPositions(source, log)));
  if (!isStored) return positionsNow(source);
  let unwritten = 0;
  for (const partition of positions.keys()) unwritten += await stillUndecided(log, partition);
  return { ...noted, positions, unwritten };
}

export async function positionsNow(source: ReportSource): Promise<Positions> {
  const { log } = source;
  if (log === null) {
    const nextOf = await storedNext(source);
    return { partitions: [...nextOf.keys()], positions: [...nextOf.values()], unwritten: 0, isBeyondLog: false };
  }
  const positions = await storedPositions(source, log);
  let unwritten = 0;
  let isBeyondLog = false;
  for (const [partition, next] of positions.entries()) {
    unwritten += await unwrittenFrom(log, partition, next);
    if (next > (await log.bounds('access', partition)).end) isBeyondLog = true;
  }
  return { partitions: [...positions.keys()], positions, unwritten, isBeyondLog };
}

/** Of every partition of the log. */
async function storedPositions(source: ReportSource, { partitions }: EventLog): Promise<number[]> {
  const nextOf = await storedNext(source);
  return Array.from({ length: partitions }, (_, partition) => nextOf.get(partition) ?? 0);
}

async function storedNext({ logId, warehouse }: ReportSource): Promise<Map<number, number>> {
  const stored = await warehouse.query<{ partition: number; next: string }>(STORED_POSITIONS_SQL, { logId });
  return new Map(stored.map(({ partition, next }) => [partition, Number(next)]));
}

/** Those of the one partition that a program's records are in, where the log says how many there are. */
export function ofProgram<Noted extends Pick<Positions, 'partitions' | 'positions'>>(
  { log }: ReportSource,
  noted: Noted,
  program: string,
): Noted {
  if (log === null) return noted;
  const own = partitionOf(program, log.partitions);
  return { ...noted, partitions: [own], positions: noted.positions.filter((_, i) => noted.partitions[i] === own) };
}

/**
 * Before figures are counted. A data folder that happens to lie there is not what a question to a server of others is about, and nothing
 * of its log among their results would look like nothing that happened.
 * @throws UserError when results are stored, and none of them are of the log at hand
 */
export async function requireResults({ log, logId, warehouse }: ReportSource): Promise<void> {
  const logs = await storedLogs(warehouse);
  if (log === null || logs.length === 0 || logs.includes(logId)) return;
  throw new UserError(
    `no results of log ${logId}, which is at hand, are stored in ${warehouse.description}, but of others; say which with --log: ${logs.join(' ')}`,
  );
}

/** The log of a store whose log is not at hand: the one that is asked for, or the only one there is. */
export async function chooseLog(warehouse: Warehouse, asked: string | undefined): Promise<string> {
  const logs = await storedLogs(warehouse);
  if (asked !== undefined) {
    if (logs.includes(asked.toLowerCase())) return asked.toLowerCase();
    throw new UserError(`no results of log ${asked} are stored in ${warehouse.description}`);
  }
  if (logs.length === 1) return logs[0]!;
  throw new UserError(
    logs.length === 0
      ? `no results are stored in ${warehouse.description}`
      : `results of ${logs.length} logs are stored in ${warehouse.description}; say which with --log: ${logs.join(' ')}`,
  );
}

async function storedLogs(warehouse: Warehouse): Promise<string[]> {
  return (await warehouse.query<{ log_id: string }>(LOGS_SQL)).map(({ log_id }) => log_id);
}
