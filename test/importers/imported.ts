/** A real log in a temporary folder, files beside it, and what an import left in the log. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { importFile, type ImportOptions, type ImportSummary } from '../../services/importers/import-file.ts';
import { openInput } from '../../services/importers/input/open-input.ts';
import { isInputProblem } from '../../services/importers/input/problem.ts';
import { type EventLog, ORIGIN } from '../../services/platform/log/event-log.ts';
import { openSqliteLog } from '../../services/platform/log/sqlite/open-sqlite-log.ts';

export const FIXTURES = join(import.meta.dirname, 'fixtures');

/** 2026-11-01T00:00:00Z; the append time is nothing that an import depends on. */
const APPENDED_AT_MS = 1_793_491_200_000;

export interface Room {
  readonly folder: string;
  log: EventLog;
}

/** A folder and an empty log of four partitions for each test. */
export function useRoom(): Room {
  const room = {} as { folder: string; log: EventLog };
  beforeEach(async () => {
    room.folder = mkdtempSync(join(tmpdir(), 'ntk-import-'));
    room.log = await openLog(room.folder);
  });
  afterEach(async () => {
    await room.log.close();
    rmSync(room.folder, { recursive: true, force: true });
  });
  return room;
}

export function openLog(folder: string, partitions = 4, name = 'log.sqlite'): Promise<EventLog> {
  return openSqliteLog({ path: join(folder, name), partitions, create: true, clock: { nowMs: () => APPENDED_AT_MS } });
}

/** What `work` leaves in a log of its own. */
export async function inNewLog(room: Room, work: (room: Room) => Promise<unknown>): Promise<string[][]> {
  const log = await openLog(room.folder, 4, `log-${logsMade++}.sqlite`);
  try {
    await work({ folder: room.folder, log });
    return await textsOf(log);
  } finally {
    await log.close();
  }
}
let logsMade = 0;

export function put(room: Room, content: Buffer | string, name = 'events.ndjson'): string {
  const path = join(room.folder, name);
  writeFileSync(path, content);
  return path;
}

/** Imports the file at `path` as CloudEvents of a batch run, unless told otherwise. */
export async function importPath(
  room: Pick<Room, 'folder' | 'log'>,
  path: string,
  options: Partial<ImportOptions> = {},
): Promise<ImportSummary> {
  const input = await openInput(path, { spoolFolder: join(room.folder, 'spool') });
  if (isInputProblem(input)) throw new Error(input.message);
  try {
    return await importFile(room.log, input, { format: 'cloudevents', origin: ORIGIN.run, startedWith: 'policy', ...options });
  } finally {
    await input.close();
  }
}

/** The records of each partition, in order. */
export async function recordsOf(log: EventLog): Promise<Buffer[][]> {
  const partitions: Buffer[][] = [];
  for (let partition = 0; partition < log.partitions; partition++) {
    const records: Buffer[] = [];
    let offset = 0;
    for (;;) {
      const batch = await log.read('access', partition, offset, { maxRecords: 10_000, maxBytes: 64 * 1024 * 1024 });
      if (batch.count === 0) break;
      for (let i = 0; i < batch.count; i++) records.push(Buffer.from(batch.bytes.subarray(batch.starts[i], batch.starts[i + 1])));
      offset = batch.nextOffset;
    }
    partitions.push(records);
  }
  return partitions;
}

export async function textsOf(log: EventLog): Promise<string[][]> {
  return (await recordsOf(log)).map((records) => records.map((record) => record.toString('utf8')));
}
