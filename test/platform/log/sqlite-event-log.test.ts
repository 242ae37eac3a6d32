import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LogError, ORIGIN } from '../../../services/platform/log/event-log.ts';
import { VALUE_BYTES_MAX } from '../../../services/platform/log/segment.ts';
import { type OpenSqliteLogOptions, openSqliteLog } from '../../../services/platform/log/sqlite/open-sqlite-log.ts';
import type { SqliteEventLog } from '../../../services/platform/log/sqlite/sqlite-event-log.ts';
import { describeEventLog } from './event-log-contract.ts';
import { SqliteLogs } from './sqlite-logs.ts';

/** The clock that the tests of one log share. */
const clock = { time: 1_700_000_000_000, nowMs: () => clock.time };
const PLENTY = { maxRecords: 100_000, maxBytes: 64 * 1024 * 1024 };

describeEventLog('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ntk-log-'));
  const path = join(folder, 'log.db');
  let current = await openSqliteLog({ path, create: true, clock: { nowMs: () => clock.time++ } });
  return {
    log: current,
    async reopen() {
      await current.close();
      current = await openSqliteLog({ path, create: false, clock });
      return current;
    },
    async dispose() {
      await current.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
});

describe('a log in a SQLite file', () => {
  let sqlite: SqliteLogs;
  beforeEach(() => {
    sqlite = new SqliteLogs(clock);
  });
  afterEach(() => sqlite.dispose());

  const open = (options: Partial<OpenSqliteLogOptions> = {}): Promise<SqliteEventLog> => sqlite.open(options);

  /** The error's code and message, which must be one line. */
  async function refusal(attempt: Promise<unknown>): Promise<{ code: string; message: string }> {
    const error = await attempt.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(LogError);
    const { code, message } = error as LogError;
    expect(message).not.toMatch(/\n/);
    return { code, message };
  }
  /** Changes the file behind the log's back. */
  function tamper(sql: string): void {
    const db = new DatabaseSync(sqlite.path);
    db.exec(sql);
    db.close();
  }
  const texts = (count: number, from = 0): Buffer[] => Array.from({ length: count }, (_, i) => Buffer.from(`record ${from + i}`));
  const append = (log: SqliteEventLog, values: readonly Uint8Array[], partition = 0) =>
    log.commit({ appends: [{ stream: 'access', partition, values }] });

  describe('when it is opened', () => {
    test('can be read by its owner only, whoever may enter the folder', async () => {
      chmodSync(sqlite.folder, 0o755);
      const files = [sqlite.path, `${sqlite.path}-wal`, `${sqlite.path}-shm`];
      const modes = (): number[] => files.map((file) => statSync(file).mode & 0o777);
      const log = await open();
      await append(log, texts(1));
      expect(modes()).toEqual([0o600, 0o600, 0o600]);
      // As an earlier release left them.
      for (const file of files) chmodSync(file, 0o644);
      await open();
      expect(modes()).toEqual([0o600, 0o600, 0o600]);
    });

    test('has four partitions unless another number was chosen when it was made', async () => {
      expect((await open()).partitions).toBe(4);
      sqlite.path = join(sqlite.folder, 'other.db');
      await (await open({ partitions: 7 })).close();
      expect((await open()).partitions).toBe(7);
      expect((await open({ partitions: 7, create: false })).partitions).toBe(7);
    });

    test('is another log when it is made anew', async () => {
      const first = await open();
      sqlite.path = join(sqlite.folder, 'other.db');
      expect((await open()).logId).not.toBe(first.logId);
    });

    test('keeps its number of partitions: another one is refused', async () => {
      await open({ partitions: 4 });
      const { code, message } = await refusal(open({ partitions: 8 }));
      expect(code).toBe('log_wrong_partitions');
      expect(message).toMatch(/made with 4 partitions, which cannot be changed to 8/);
    });

    test('is not made unless that was asked for', async () => {
      expect(await refusal(open({ create: false }))).toEqual({
        code: 'log_unreachable',
        message: `there is no log at ${sqlite.path}`,
      });
      expect(existsSync(sqlite.path)).toBe(false);
      writeFileSync(sqlite.path, '');
      expect((await refusal(open({ create: false }))).code).toBe('log_unreachable');
    });

    test('is made of an empty file that a killed process left behind', async () => {
      writeFileSync(sqlite.path, '');
      const log = await open();
      await append(log, texts(1));
      expect(await log.bounds('access', 0)).toEqual({ start: 0, end: 1 });
    });

    test('is refused when a newer release wrote it', async () => {
      await (await open()).close();
      tamper('PRAGMA user_version = 2');
      const { code, message } = await refusal(open());
      expect(code).toBe('log_newer_format');
      expect(message).toMatch(/has format 2, this release reads up to 1/);
    });

    test('is refused when the file is another one', async () => {
      writeFileSync(sqlite.path, 'this is a text, and quite a long one, so that it has a header of its own '.repeat(20));
      expect(await refusal(open())).toMatchObject({ code: 'log_corrupt', message: expect.stringContaining('is not a log') });
      rmSync(sqlite.path);
      tamper('CREATE TABLE t (x)');
      expect(await refusal(open())).toMatchObject({
        code: 'log_corrupt',
        message: expect.stringContaining('another SQLite file'),
      });
    });

    test('is refused when tables are missing', async () => {
      await (await open()).close();
      tamper('DROP TABLE heads');
      expect(await refusal(open())).toMatchObject({ code: 'log_corrupt', message: expect.stringContaining('lacks tables') });
    });

    test('is refused when the folder is not there', async () => {
      expect((await refusal(open({ path: join(sqlite.folder, 'no', 'log.db') }))).code).toBe('log_unreachable');
    });
  });

  test('append times do not fall when the clock is set back', async () => {
    const log = await open();
    const times = [5_000, 6_000.9, 1_000, 6_500];
    for (const time of times) {
      clock.time = time;
      await append(log, texts(1));
    }
    clock.time = 1_700_000_000_000;
    const { appendedAtMs } = await log.read('access', 0, 0, PLENTY);
    expect([...appendedAtMs]).toEqual([5_000, 6_000, 6_000, 6_500]);
  });

  test('offsets have no gaps and begin at 0', async () => {
    const log = await open();
    await append(log, texts(2_500));
    await append(log, texts(1));
    const { offsets, nextOffset } = await log.read('access', 0, 0, PLENTY);
    expect([...offsets]).toEqual(Array.from({ length: 2_501 }, (_, i) => i));
    expect(nextOffset).toBe(2_501);
  });

  test('a record may have 4 MiB and not a byte more', async () => {
    const log = await open();
    const value = Buffer.alloc(VALUE_BYTES_MAX, 'x');
    await append(log, [Buffer.from('small'), value, Buffer.from('small')]);
    expect((await log.read('access', 0, 1, { maxRecords: 1, maxBytes: 1 })).bytes.length).toBeGreaterThanOrEqual(VALUE_BYTES_MAX);
    await log.commit({ puts: [{ stream: 'checkpoints', partition: 0, key: 'k', value }] });
    expect((await log.getKeyed('checkpoints', 0, 'k'))?.equals(value)).toBe(true);

    const larger = Buffer.alloc(VALUE_BYTES_MAX + 1);
    await expect(append(log, [Buffer.from('a'), larger])).rejects.toThrow(RangeError);
    await expect(log.commit({ puts: [{ stream: 'checkpoints', partition: 0, key: 'k', value: larger }] })).rejects.toThrow(
      RangeError,
    );
    expect(await log.bounds('access', 0)).toEqual({ start: 0, end: 3 });
  });

  describe('retention', () => {
    test('removes whole segments before an offset; reading below the new start is an error', async () => {
      const log = await open();
      await append(log, texts(3_000));
      expect(await log.deleteBefore('access', 0, 2_500)).toEqual({ records: 2_000 });
      expect(await log.bounds('access', 0)).toEqual({ start: 2_000, end: 3_000 });
      const { code, message } = await refusal(log.read('access', 0, 1_999, PLENTY));
      expect(code).toBe('log_offset_out_of_range');
      expect(message).toMatch(/begins at offset 2000, but 1999 was asked for/);
      expect((await log.read('access', 0, 2_000, PLENTY)).count).toBe(1_000);
    });

    test('removes any number of segments and leaves other streams and partitions alone', async () => {
      const log = await open({ syncMode: 'off' });
      for (let i = 0; i < 700; i++) await append(log, texts(1));
      await append(log, texts(1), 1);
      await log.commit({ appends: [{ stream: 'results', partition: 0, values: texts(1) }] });
      expect(await log.deleteBefore('access', 0, 650)).toEqual({ records: 650 });
      expect(await log.bounds('access', 0)).toEqual({ start: 650, end: 700 });
      expect(await log.bounds('access', 1)).toEqual({ start: 0, end: 1 });
      expect(await log.bounds('results', 0)).toEqual({ start: 0, end: 1 });
    });

    test('of everything keeps the end: no offset is given twice', async () => {
      const log = await open();
      await append(log, texts(10));
      await log.deleteBefore('access', 0, 1_000_000);
      expect(await log.bounds('access', 0)).toEqual({ start: 10, end: 10 });
      expect(await log.last('access', 0)).toBeNull();
      expect((await refusal(log.read('access', 0, 9, PLENTY))).code).toBe('log_offset_out_of_range');
      expect((await append(log, texts(1))).baseOffsets).toEqual([10]);
    });
  });

  describe('commits that are asked for together', () => {
    const valuesOf = async (log: SqliteEventLog, partition = 0): Promise<string[]> => {
      const { bytes, starts, count } = await log.read('access', partition, 0, PLENTY);
      return Array.from({ length: count }, (_, i) => bytes.toString('utf8', starts[i], starts[i + 1]));
    };

    test('take effect in that order, and are on the disk with the first answer', async () => {
      const log = await open();
      const other = await open();
      const commits = Array.from({ length: 20 }, (_, i) => append(log, texts(2, 2 * i)));
      await commits[0];
      expect(await valuesOf(other)).toEqual(texts(40).map(String));
      expect((await Promise.all(commits)).map(({ baseOffsets }) => baseOffsets)).toEqual(
        Array.from({ length: 20 }, (_, i) => [2 * i]),
      );
    });

    test('are written without those of an owner that was fenced', async () => {
      const log = await open();
      const fenced = await log.claim('scorer', 0);
      const owner = await log.claim('scorer', 0);
      const of = (text: string) => ({ appends: [{ stream: 'access' as const, partition: 0, values: [Buffer.from(text)] }] });
      const results = await Promise.all([owner.commit(of('a')), fenced.commit(of('b')), owner.commit(of('c'))]);
      expect(results.map(({ status }) => status)).toEqual(['committed', 'fenced', 'committed']);
      expect(await valuesOf(log)).toEqual(['a', 'c']);
    });

    test('fail each for itself', async () => {
      const log = await open();
      tamper("CREATE TRIGGER no BEFORE INSERT ON positions WHEN new.note = 'bad' BEGIN SELECT RAISE(ABORT, 'no'); END");
      const owner = await log.claim('scorer', 0);
      const commit = (note: string) =>
        owner.commit({
          appends: [{ stream: 'access', partition: 0, values: [Buffer.from(note)] }],
          position: { consumer: 'scorer', partition: 0, offset: 1, note },
        });
      const results = await Promise.allSettled([commit('good'), commit('bad'), commit('better')]);
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(await valuesOf(log)).toEqual(['good', 'better']);
      expect(await valuesOf(await open())).toEqual(['good', 'better']);
      expect((await log.position('scorer', 0))?.note).toBe('better');
    });

    test('are written before the log is closed', async () => {
      const log = await open();
      const commit = append(log, texts(3));
      await log.close();
      await commit;
      expect(await valuesOf(await open())).toEqual(texts(3).map(String));
    });
  });

  test('reading does not depend on who appended, or how long ago', async () => {
    const step = fc.record({
      by: fc.nat(1),
      partition: fc.nat(1),
      count: fc.integer({ min: 1, max: 2_500 }),
      size: fc.constantFrom(10, 3_000),
    });
    const read = fc.record({
      by: fc.nat(1),
      partition: fc.nat(1),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      records: fc.integer({ min: 1, max: 3_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), fc.array(read, { maxLength: 6 }), async (steps, reads) => {
        sqlite.path = join(sqlite.folder, `${randomBytes(8).toString('hex')}.db`);
        const logs = [await open(), await open()];
        const expected: string[][] = [[], []];
        for (const { by, partition, count, size } of steps) {
          const values = Array.from({ length: count }, (_, i) => `${expected[partition]!.length + i} ${'x'.repeat(size)}`);
          await append(
            logs[by]!,
            values.map((text) => Buffer.from(text)),
            partition,
          );
          expected[partition]!.push(...values);
        }
        for (const { by, partition, at, records } of reads) {
          const all = expected[partition]!;
          const from = Math.floor(at * all.length);
          const found: string[] = [];
          for (let next = from; next < all.length; ) {
            const batch = await logs[by]!.read('access', partition, next, { maxRecords: records, maxBytes: 1e9 });
            expect(batch.count).toBeGreaterThan(0);
            expect(batch.offsets[0]).toBe(next);
            for (let i = 0; i < batch.count; i++) found.push(batch.bytes.toString('utf8', batch.starts[i], batch.starts[i + 1]));
            next = batch.nextOffset;
          }
          expect(found).toEqual(all.slice(from));
        }
        for (const log of logs) await log.close();
      }),
      { numRuns: 25 },
    );
  });

  describe('damage', () => {
    test('of a segment is said with its place, and the segments before it can be read', async () => {
      const log = await open();
      await append(log, texts(1_000));
      await append(log, texts(1_000));
      tamper(
        "UPDATE segments SET data = CAST(substr(data, 1, 200) || x'00' || substr(data, 202) AS BLOB) WHERE base_offset = 1000",
      );
      // Who appended it knows it by heart for a while.
      const other = await open();
      expect((await other.read('access', 0, 0, { maxRecords: 1_000, maxBytes: 1e9 })).count).toBe(1_000);
      const { code, message } = await refusal(other.read('access', 0, 0, PLENTY));
      expect(code).toBe('log_corrupt');
      expect(message).toMatch(/offset 1000 of partition 0 of 'access'/);
    });

    test('a segment that is another than its row says is found', async () => {
      const log = await open();
      await append(log, texts(10));
      tamper('UPDATE segments SET count = 9');
      expect((await refusal((await open()).read('access', 0, 0, PLENTY))).code).toBe('log_corrupt');
    });

    test.each([
      { lost: 'in the middle', base: 1_000, readable: 1_000 },
      { lost: 'at the end', base: 2_000, readable: 2_000 },
    ])('segments lost $lost stop the reader', async ({ base, readable }) => {
      const log = await open();
      await append(log, texts(3_000));
      tamper(`DELETE FROM segments WHERE base_offset = ${base}`);
      const other = await open();
      expect((await other.read('access', 0, 0, { maxRecords: readable, maxBytes: 1e9 })).count).toBe(readable);
      expect((await refusal(other.read('access', 0, readable, PLENTY))).message).toMatch(
        /records from offset \d000 on are missing/,
      );
    });
  });

  test('a full disk is said so, undoes the transaction, and does not hurt what is there', async () => {
    const log = await open({ bytesMax: 1024 * 1024 });
    await append(log, texts(10));
    // Noise, which does not get smaller.
    const noise = randomBytes(2 * 1024 * 1024);
    const { code, message } = await refusal(
      log.commit({
        appends: [
          { stream: 'access', partition: 0, values: texts(5) },
          { stream: 'access', partition: 1, values: [noise] },
        ],
      }),
    );
    expect(code).toBe('log_disk_full');
    expect(message).toMatch(/make room on that disk and try again/);
    expect(await log.bounds('access', 0)).toEqual({ start: 0, end: 10 });
    expect(await log.bounds('access', 1)).toEqual({ start: 0, end: 0 });
    expect((await append(log, texts(1))).baseOffsets).toEqual([10]);
  });

  test('a lock that another process does not give back is said so', async () => {
    const log = await open({ busyTimeoutMs: 50 });
    const other = new DatabaseSync(sqlite.path);
    other.exec('BEGIN IMMEDIATE');
    const { code, message } = await refusal(append(log, texts(1)));
    other.exec('ROLLBACK');
    other.close();
    expect(code).toBe('log_busy');
    expect(message).toMatch(/kept busy by another process/);
    expect((await append(log, texts(1))).baseOffsets).toEqual([0]);
  });

  test('who waits is woken by appends through another connection, and only by those to its stream', async () => {
    const reader = await open();
    const writer = await open();
    const { signal } = new AbortController();
    await reader.waitForAppend('results', 0, signal);
    let woken = false;
    const waiting = reader.waitForAppend('results', 60_000, signal).then(() => {
      woken = true;
    });
    await append(writer, texts(1));
    // Longer than the interval in which other connections are looked for.
    await reader.waitForAppend('rejects', 0, signal);
    await reader.waitForAppend('rejects', 60, signal);
    expect(woken).toBe(false);
    await writer.commit({ appends: [{ stream: 'results', partition: 3, values: texts(1) }] });
    await waiting;
    expect(woken).toBe(true);
  });

  test('closing wakes who waits', async () => {
    const log = await open();
    await log.waitForAppend('access', 0);
    const waiting = log.waitForAppend('access', 1_000_000);
    await log.close();
    await waiting;
    expect(await log.waitForAppend('access', 1_000_000)).toBeUndefined();
  });

  test('an owner in another connection is fenced too', async () => {
    const old = await (await open()).claim('scorer', 2);
    const young = await (await open()).claim('scorer', 2);
    expect(await old.commit({ appends: [{ stream: 'results', partition: 2, values: texts(1), origin: ORIGIN.live }] })).toEqual({
      status: 'fenced',
    });
    expect((await young.commit({})).status).toBe('committed');
  });
});
