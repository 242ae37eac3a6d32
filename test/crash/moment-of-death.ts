/** What a killed process was doing, read from a copy of its log: the restarted one must find the log as the kill left it. */
import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { EventLog } from '../../services/platform/log/event-log.ts';
import { openSqliteLog } from '../../services/platform/log/sqlite/open-sqlite-log.ts';
import { clock } from './stored-state.ts';

export const PHASES = ['starting', 'importing', 'scoring', 'writing', 'closing'] as const;

export interface Moment {
  readonly phase: (typeof PHASES)[number];
  /** Between the note of what is intended and the position behind it. */
  readonly isInserting: boolean;
}

const STARTING: Moment = { phase: 'starting', isInserting: false };

/** @param files how many inputs are imported to their end when nothing is left to import */
export async function momentOfDeath(data: string, files: number): Promise<Moment> {
  const copy = `${data}-copy`;
  rmSync(copy, { recursive: true, force: true });
  if (!existsSync(join(data, 'log.db'))) return STARTING;
  mkdirSync(copy);
  for (const name of ['log.db', 'log.db-wal']) if (existsSync(join(data, name))) copyFileSync(join(data, name), join(copy, name));
  try {
    const log = await openSqliteLog({ path: join(copy, 'log.db'), create: true, clock });
    try {
      return await momentIn(log, files);
    } finally {
      await log.close();
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

async function momentIn(log: EventLog, files: number): Promise<Moment> {
  let records = 0;
  let isInserting = false;
  let isWritten = true;
  let isScored = true;
  for (let partition = 0; partition < log.partitions; partition++) {
    const access = await log.bounds('access', partition);
    records += access.end;
    if (((await log.position('scorer', partition))?.offset ?? 0) < access.end) isScored = false;
    const writer = await log.position('writer', partition);
    if ((JSON.parse(writer?.note ?? '{}') as { to?: number }).to !== undefined) isInserting = true;
    if ((writer?.offset ?? 0) < (await log.bounds('results', partition)).end) isWritten = false;
  }
  if (records === 0) return STARTING;
  let done = 0;
  for await (const { value } of log.readKeyed('imports', 0, 'file/'))
    if ((JSON.parse(value.toString('utf8')) as { done: boolean }).done) done++;
  if (done < files) return { phase: 'importing', isInserting };
  if (!isScored) return { phase: 'scoring', isInserting };
  return { phase: isWritten ? 'closing' : 'writing', isInserting };
}

export function describeMoments(moments: readonly Moment[]): string {
  const counts = PHASES.map((phase) => `${phase} ${moments.filter((moment) => moment.phase === phase).length}`);
  return `${counts.join(', ')}; in an insert ${moments.filter(({ isInserting }) => isInserting).length}`;
}
