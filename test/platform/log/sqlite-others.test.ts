/** The log in a SQLite file while somebody else works on it, or has damaged it. */
import { copyFileSync, readdirSync, readlinkSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LogError } from '../../../services/platform/log/event-log.ts';
import { BatchReader } from '../../../services/platform/log/sqlite/batch-reader.ts';
import { createTables, isEmpty, readManifest } from '../../../services/platform/log/sqlite/format.ts';
import type { OpenSqliteLogOptions } from '../../../services/platform/log/sqlite/open-sqlite-log.ts';
import { RecentSegments } from '../../../services/platform/log/sqlite/recent-segments.ts';
import type { SqliteEventLog } from '../../../services/platform/log/sqlite/sqlite-event-log.ts';
import { prepareStatements } from '../../../services/platform/log/sqlite/statements.ts';
import { SqliteLogs } from './sqlite-logs.ts';

const clock = { nowMs: () => 1_800_000_000_000 };
const PLENTY = { maxRecords: 100_000, maxBytes: 64 * 1024 * 1024 };

let sqlite: SqliteLogs;
beforeEach(() => {
  sqlite = new SqliteLogs(clock);
});
afterEach(() => sqlite.dispose());

const open = (options: Partial<OpenSqliteLogOptions> = {}): Promise<SqliteEventLog> => sqlite.open(options);

const texts = (count: number): Buffer[] => Array.from({ length: count }, (_, i) => Buffer.from(`record ${i}`));
const append = (log: SqliteEventLog, count: number) =>
  log.commit({ appends: [{ stream: 'access', partition: 0, values: texts(count) }] });

/** The code of the error that it fails with. */
async function codeOf(attempt: Promise<unknown>): Promise<string> {
  const error = await attempt.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(LogError);
  return (error as LogError).code;
}

describe('while another process', () => {
  test('makes the same log, opening waits until it is made', async () => {
    const other = new DatabaseSync(sqlite.path);
    other.exec('CREATE TABLE some (one INTEGER); DROP TABLE some; BEGIN EXCLUSIVE');
    const opening = open();
    // The first try is over by now: it found the file locked.
    other.exec('ROLLBACK');
    other.close();
    expect((await append(await opening, 1)).baseOffsets).toEqual([0]);
  });

  test('was faster in making the log, it stays as that one made it', async () => {
    const [slow, fast] = [new DatabaseSync(sqlite.path), new DatabaseSync(sqlite.path)];
    expect([isEmpty(slow), isEmpty(fast)]).toEqual([true, true]);
    createTables(fast, 7);
    const made = readManifest(fast, sqlite.path);
    createTables(slow, 4);
    expect(readManifest(slow, sqlite.path)).toEqual(made);
    slow.close();
    fast.close();
  });

  test('writes, a commit waits for as long as it is to', async () => {
    const log = await open({ busyTimeoutMs: 400 });
    const other = new DatabaseSync(sqlite.path);
    other.exec('BEGIN IMMEDIATE');
    const beganAtMs = performance.now();
    expect(await codeOf(append(log, 1))).toBe('log_busy');
    expect(performance.now() - beganAtMs).toBeGreaterThan(350);
    other.exec('ROLLBACK');
    other.close();
  });

  test('appends between two questions of a reader, what came in is read and not called lost', async () => {
    const log = await open();
    await append(log, 3);
    const db = new DatabaseSync(sqlite.path);
    const statements = prepareStatements(db);
    const other = new DatabaseSync(sqlite.path);
    const bounds = { get: (...at: [string, number]) => arrived() ?? statements.bounds.get(...at) };
    /** Two records more, once: those at the end are looked for before it is asked where that is. */
    let hasArrived = false;
    const arrived = (): undefined => {
      if (hasArrived) return;
      hasArrived = true;
      other.exec(
        `INSERT INTO segments (stream, partition, base_offset, count, value_bytes, appended_at_ms, origin, data)
           SELECT stream, partition, 3, count, value_bytes, appended_at_ms, origin, data FROM segments;
         UPDATE heads SET next_offset = 6`,
      );
    };
    const reader = new BatchReader(
      { ...statements, bounds: bounds as unknown as typeof statements.bounds },
      sqlite.path,
      new RecentSegments({ bytesMax: 0, segmentsMax: 0 }),
    );
    expect([...reader.read('access', 0, 3, PLENTY).offsets]).toEqual([3, 4, 5]);
    other.close();
    db.close();
  });

  test('moves the log away, nothing is acknowledged until it is back', async () => {
    const log = await open();
    await append(log, 1);
    renameSync(sqlite.path, `${sqlite.path}.moved`);
    expect(await codeOf(append(log, 1))).toBe('log_unreachable');
    renameSync(`${sqlite.path}.moved`, sqlite.path);
    expect((await append(log, 1)).baseOffsets).toEqual([1]);
  });

  test('puts a copy in the place of the log, or removes it, nothing is acknowledged that nobody would find there', async () => {
    const log = await open();
    const owner = await log.claim('scorer', 0);
    copyFileSync(sqlite.path, `${sqlite.path}.copy`);
    renameSync(`${sqlite.path}.copy`, sqlite.path);
    await expect(append(log, 1)).rejects.toThrow('was moved, removed or replaced while it was open');
    rmSync(sqlite.path);
    expect(await codeOf(append(log, 1))).toBe('log_unreachable');
    expect(await codeOf(owner.commit({}))).toBe('log_unreachable');
  });

  test('takes the tables away, those who wait for records are woken to find out', async () => {
    const log = await open();
    await append(log, 3);
    const { signal } = new AbortController();
    await log.waitForAppend('access', 0, signal);
    const waiting = log.waitForAppend('access', 1_000_000, signal);
    const other = new DatabaseSync(sqlite.path);
    other.exec('DROP TABLE heads; DROP TABLE segments');
    other.close();
    await waiting;
    await expect(log.bounds('access', 0)).rejects.toThrow(/no such table/);
  });
});

test('each of two who wait for the same stream is told of what came in before they asked', async () => {
  const log = await open();
  const [one, two] = [new AbortController().signal, new AbortController().signal];
  for (const signal of [one, two]) await log.waitForAppend('access', 0, signal);
  await append(log, 1);
  const waiting = [one, two].map((signal) => log.waitForAppend('access', 1_000_000, signal));
  await expect(Promise.all(waiting)).resolves.toHaveLength(2);
});

test('a wait of longer than a timer can be is a long wait, and no timer that fires at once', async () => {
  const log = await open();
  const leaving = new AbortController();
  await log.waitForAppend('access', 0, leaving.signal);
  let isOver = false;
  const waiting = log.waitForAppend('access', Number.MAX_SAFE_INTEGER, leaving.signal).then(() => (isOver = true));
  // Behind a timer that fires at once.
  await log.waitForAppend('results', 0, leaving.signal);
  await log.waitForAppend('results', 20, leaving.signal);
  expect(isOver).toBe(false);
  leaving.abort();
  await waiting;
});

test('a log is opened with the number of partitions that it has, and with no other, be it smaller', async () => {
  await open({ partitions: 4 });
  expect(await codeOf(open({ partitions: 2 }))).toBe('log_wrong_partitions');
  expect((await open({ partitions: 4 })).partitions).toBe(4);
});

test.each([0, 1.5, 65_537])('a log is not made with %d partitions', async (partitions) => {
  await expect(open({ partitions })).rejects.toThrow('a log has 1 to 65536 partitions');
});

test('a file of another program is left as it is', async () => {
  let other = new DatabaseSync(sqlite.path);
  other.exec('PRAGMA application_id = 77; CREATE TABLE theirs (one INTEGER)');
  other.close();
  expect(await codeOf(open())).toBe('log_corrupt');
  other = new DatabaseSync(sqlite.path);
  expect(other.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'delete' });
  other.close();
});

test('an opening that fails lets go of the file', async () => {
  await (await open()).close();
  const isOpen = (): boolean =>
    readdirSync('/proc/self/fd').some((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === sqlite.path;
      } catch {
        return false;
      }
    });
  expect(await codeOf(open({ partitions: 8 }))).toBe('log_wrong_partitions');
  expect(isOpen()).toBe(false);
});

describe('damage is found', () => {
  test('where a segment is lost between others of the same batch', async () => {
    await append(await open(), 3_000);
    const db = new DatabaseSync(sqlite.path);
    db.exec('DELETE FROM segments WHERE base_offset = 1000');
    db.close();
    expect(await codeOf((await open()).read('access', 0, 0, PLENTY))).toBe('log_corrupt');
  });

  test.each([9, 11])('where a row says that its segment has %d records of 10', async (count) => {
    await append(await open(), 10);
    const db = new DatabaseSync(sqlite.path);
    db.exec(`UPDATE segments SET count = ${count}; UPDATE heads SET next_offset = ${count}`);
    db.close();
    expect(await codeOf((await open()).read('access', 0, 0, PLENTY))).toBe('log_corrupt');
  });

  test('where it is no longer said which log it is', async () => {
    await (await open()).close();
    const db = new DatabaseSync(sqlite.path);
    db.exec('DELETE FROM manifest');
    db.close();
    expect(await codeOf(open())).toBe('log_corrupt');
  });

  test('where a key ends in the middle of a character', async () => {
    const log = await open();
    await log.commit({ puts: [{ stream: 'checkpoints', partition: 0, key: 'page/1', value: Buffer.from('one') }] });
    const db = new DatabaseSync(sqlite.path);
    db.exec('UPDATE keyed SET key = substr(key, 1, length(key) - 1)');
    db.close();
    expect(await codeOf(log.readKeyed('checkpoints', 0, '').next())).toBe('log_corrupt');
  });
});
