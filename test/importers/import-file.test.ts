import { EVENTS_GZ_PATH } from '../conformance/example.ts';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RECORD_BYTES_KEPT, RECORD_BYTES_MAX } from '../../schemas/codes.ts';
import { partitionOf } from '../../services/domain/partitioning/murmur2.ts';
import { parseRecord } from '../../services/domain/record/parse.ts';
import { importFile, type ImportSummary } from '../../services/importers/import-file.ts';
import { readImportEntry } from '../../services/importers/import-ledger.ts';
import { openInput } from '../../services/importers/input/open-input.ts';
import { isInputProblem } from '../../services/importers/input/problem.ts';
import { ORIGIN } from '../../services/platform/log/event-log.ts';
import { importPath, inNewLog, openLog, put, recordsOf, type Room, textsOf, useRoom } from './imported.ts';

const room = useRoom();

const CONFORMANCE = EVENTS_GZ_PATH;

function event(n: number, subject = `wx${n % 97}`, data: object = { user: `u${n}`, api: 'wx.getLocation' }): string {
  return JSON.stringify({
    specversion: '1.0',
    id: `e${n}`,
    source: 'host/test',
    type: 'ntk.access',
    subject,
    time: '2026-03-05T03:00:00Z',
    data,
  });
}

const POLICY =
  '{"specversion":"1.0","id":"p","source":"s","type":"ntk.policy","subject":"*","time":"2026-03-05T03:00:00Z","data":{"version":"1"}}';

const eventLines = (count: number): string => Array.from({ length: count }, (_, i) => `${event(i)}\n`).join('');

describe('a file of CloudEvents', () => {
  test('lies in the log line by line, each program in its partition, in the order of the file', async () => {
    const summary = await importPath(room, put(room, eventLines(12_345)));
    expect(summary).toMatchObject({
      status: 'complete',
      records: 12_345,
      appended: 12_345,
      skipped: 0,
      blankLines: 0,
      problem: null,
      odd: [],
    });
    const records = await textsOf(room.log);
    const expected = records.map((_, partition) =>
      Array.from({ length: 12_345 }, (_, i) => i)
        .filter((i) => partitionOf(`wx${i % 97}`, 4) === partition)
        .map((i) => event(i)),
    );
    expect(records).toEqual(expected);
  });

  test('keeps what concerns all programs in its place in every partition, and counts it once', async () => {
    const lines = [event(1), event(2), POLICY, event(1), event(2), event(3)];
    expect(await importPath(room, put(room, lines.join('\n')))).toMatchObject({ records: 6, appended: 6 });
    for (const [partition, records] of (await textsOf(room.log)).entries()) {
      const own = (n: number): boolean => partitionOf(`wx${n}`, 4) === partition;
      const of = (...numbers: number[]): string[] => numbers.filter(own).map((n) => event(n));
      expect(records).toEqual([...of(1, 2), POLICY, ...of(1, 2, 3)]);
    }
  });

  test('says in the log how it came in', async () => {
    await importPath(room, put(room, POLICY), { origin: ORIGIN.imported });
    const { origins } = await room.log.read('access', 2, 0, { maxRecords: 10, maxBytes: 1_000 });
    expect([...origins]).toEqual([ORIGIN.imported]);
  });

  test('may hold anything: every line that is not blank lies in the log byte for byte', async () => {
    const hostile = [
      Buffer.from('no json'),
      Buffer.from('{"subject":"a\xff"}', 'latin1'),
      Buffer.from('\xef\xbb\xbf{"subject":"a"}', 'latin1'),
      Buffer.from(' {"subject":"wx1"} '),
      Buffer.from('null'),
      Buffer.from('\0\0\0'),
      Buffer.from('{"subject":"a"}\r{"subject":"b"}'),
      Buffer.from(`${'['.repeat(100_000)}`),
      randomBytes(5_000).map((byte) => (byte === 0x0a || byte === 0x0d ? 0 : byte)),
      Buffer.from('"' + 'x'.repeat(RECORD_BYTES_MAX - 2) + '"'),
    ];
    const content = Buffer.concat(hostile.flatMap((line) => [line, Buffer.from('\r\n \n')]));
    expect(await importPath(room, put(room, content))).toMatchObject({
      status: 'complete',
      records: hostile.length,
      blankLines: hostile.length,
    });
    const records = await recordsOf(room.log);
    expect(records[0]).toHaveLength(hostile.length - 1);
    expect(
      records
        .flat()
        .map((record) => record.toString('hex'))
        .sort(),
    ).toEqual(hostile.map((line) => line.toString('hex')).sort());
  });

  test('may hold a line of 10 MB, of which the log gets what makes it too large', async () => {
    await importPath(room, put(room, `${event(1, 'wx1')}\n{"subject":"${'y'.repeat(10_000_000)}"}\n${event(2, 'wx1')}\n`));
    const records = await recordsOf(room.log);
    const large = records[0]!.find((record) => record.length > 10_000)!;
    expect(large).toHaveLength(RECORD_BYTES_KEPT);
    expect(parseRecord(large, 0, large.length, 'utf8')).toMatchObject({ reason: 'too_large' });
    expect(records.flat()).toHaveLength(3);
  });

  test('may hold a line of 2 MB, which comes into the log whole: a reject says its length and hash', async () => {
    const line = `"${'z'.repeat(2_000_000)}"`;
    await importPath(room, put(room, `${line}\n`));
    expect((await recordsOf(room.log)).flat().map(String)).toEqual([line]);
  });

  test('may be empty', async () => {
    const path = put(room, '');
    expect(await importPath(room, path)).toMatchObject({ status: 'complete', records: 0 });
    expect(await importPath(room, path)).toMatchObject({ status: 'already_complete', records: 0 });
  });

  test('is the worked example of the rules: 6,051 records, 6 policies in every partition', async () => {
    const content = gunzipSync(readFileSync(CONFORMANCE));
    const summary = await importPath(room, CONFORMANCE);
    expect(summary).toMatchObject({ status: 'complete', records: 6_051, appended: 6_051, blankLines: 19 });
    const records = await recordsOf(room.log);
    expect(records.flat()).toHaveLength(6_051 + 3 * 6);
    for (const partition of records) expect(partition.filter((record) => record.includes('"ntk.policy"'))).toHaveLength(6);
    const lines = content
      .subarray(3)
      .toString('latin1')
      .split(/\r?\n/)
      .filter((line) => !/^[ \t]*$/.test(line));
    const appended = new Set(records.flat().map((record) => record.toString('latin1')));
    expect(lines.filter((line) => !appended.has(line) && line.length <= RECORD_BYTES_MAX)).toEqual([]);
  });
});

describe('the same content', () => {
  test('is imported once, under whatever name', async () => {
    const content = eventLines(100);
    expect(await importPath(room, put(room, content, 'a.ndjson'))).toMatchObject({ status: 'complete', appended: 100 });
    expect(await importPath(room, put(room, content, 'b.ndjson'))).toMatchObject({
      status: 'already_complete',
      name: 'b.ndjson',
      records: 100,
      appended: 0,
      skipped: 100,
    });
    expect((await recordsOf(room.log)).flat()).toHaveLength(100);
  });

  test('gives the same log plain, compressed in either way and from standard input', async () => {
    const content = Buffer.from(eventLines(9_000) + POLICY);
    await importPath(room, put(room, content));
    const plain = await textsOf(room.log);
    expect(plain.flat()).toHaveLength(9_004);
    const halves = [content.subarray(0, 400_001), content.subarray(400_001)];
    const stored = {
      gz: gzipSync(content),
      members: Buffer.concat(halves.map((half) => gzipSync(half))),
      zst: zstdCompressSync(content),
      frames: Buffer.concat(halves.map((half) => zstdCompressSync(half))),
    };
    for (const [name, bytes] of Object.entries(stored)) {
      expect(await inNewLog(room, (own) => importPath(own, put(own, bytes, name)))).toEqual(plain);
      expect(await inNewLog(room, (own) => importStdin(own, bytes))).toEqual(plain);
    }
  });

  test('is known again when it comes from standard input', async () => {
    const content = Buffer.from(eventLines(10));
    await importPath(room, put(room, content));
    expect(await importStdin(room, content)).toMatchObject({ status: 'already_complete', name: 'stdin' });
  });
});

/** As `--input -` does. */
async function importStdin(into: Room, content: Buffer): Promise<ImportSummary> {
  const input = await openInput('-', { spoolFolder: join(into.folder, 'spool'), stdin: Readable.from([content]) });
  if (isInputProblem(input)) throw new Error(input.message);
  const summary = await importFile(into.log, input, { format: 'cloudevents', origin: ORIGIN.run, startedWith: 'policy' });
  await input.close();
  return summary;
}

describe('an import that is killed', () => {
  const COUNT = 23_000;
  const whole = eventLines(COUNT);

  test('goes on exactly where it was, however often it is killed before a chunk', async () => {
    const expected = await inNewLog(room, (own) => importPath(own, put(own, whole)));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4 }), async (kills) => {
        const records = await inNewLog(room, async (own) => {
          const path = put(own, whole);
          for (const [i, chunks] of kills.entries()) {
            await importPath(own, path, { startedWith: `policy ${i}`, admit: dieAfter(chunks) }).catch(() => {});
          }
          const left = await importPath(own, path, { startedWith: 'policy at the end' });
          expect(['complete', 'already_complete']).toContain(left.status);
          expect(left.records).toBe(COUNT);
          expect(left.skipped + left.appended).toBe(COUNT);
        });
        expect(records).toEqual(expected);
      }),
      { numRuns: 6 },
    );
  });

  test('remembers what it began with and how far it got', async () => {
    const path = put(room, whole);
    await expect(importPath(room, path, { startedWith: 'first', admit: dieAfter(2) })).rejects.toThrow('killed');
    const input = await openInput(path, { spoolFolder: room.folder });
    if (isInputProblem(input)) throw new Error(input.message);
    await input.close();
    const entry = await readImportEntry(room.log, input.sha256);
    expect(entry).toMatchObject({
      records: 10_000,
      appended: 10_000,
      done: false,
      startedWith: 'first',
      name: 'events.ndjson',
      format: 'cloudevents',
    });
    expect(entry?.bytes).toBe((await recordsOf(room.log)).flat().reduce((sum, { length }) => sum + length, 0));
    await importPath(room, path, { startedWith: 'second' });
    expect(await readImportEntry(room.log, input.sha256)).toMatchObject({ records: COUNT, done: true, startedWith: 'first' });
  });

  test('by SIGKILL at any moment loses nothing and repeats nothing', { timeout: 60_000 }, async () => {
    const expected = await inNewLog(room, (own) => importPath(own, put(own, whole)));
    const path = put(room, whole);
    await room.log.close();
    let runs = 0;
    for (const chunks of [0, 1, 1]) {
      await killedAfter(chunks, join(room.folder, 'log.sqlite'), path);
      runs++;
    }
    room.log = await openLog(room.folder);
    const summary = await importPath(room, path);
    expect(runs).toBe(3);
    expect(summary).toMatchObject({ status: 'complete', records: COUNT });
    expect(summary.skipped).toBeGreaterThanOrEqual(10_000);
    expect(await textsOf(room.log)).toEqual(expected);
  });
});

/** Lets so many chunks in and dies before the next. */
function dieAfter(chunks: number): () => Promise<void> {
  let left = chunks;
  return async () => {
    if (left-- === 0) throw new Error('killed');
  };
}

/** Another process imports `chunks` chunks and is killed while it is at the next one. */
async function killedAfter(chunks: number, logPath: string, inputPath: string): Promise<void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'import-process.ts'), logPath, inputPath], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  let asked = 0;
  for await (const _ of child.stdout) {
    child.stdin.write('go on\n');
    if (asked++ === chunks) {
      child.kill('SIGKILL');
      break;
    }
  }
  await ended;
}

describe('an import', () => {
  test('waits to be admitted before each chunk and tells how far it is after it', async () => {
    const content = eventLines(12_000);
    const steps: string[] = [];
    await importPath(room, put(room, content), {
      admit: async () => void steps.push('admitted'),
      onProgress: ({ records, readBytes, sizeBytes }) => {
        expect(readBytes).toBeLessThanOrEqual(sizeBytes);
        expect(sizeBytes).toBe(content.length);
        steps.push(`${records}`);
      },
    });
    expect(steps).toEqual(['admitted', '5000', 'admitted', '10000', 'admitted', '12000']);
  });

  test('puts no more than 4 MiB into a transaction', async () => {
    const line = event(1, 'wx1', { user: 'u', api: 'a', page: 'p'.repeat(900_000) });
    const steps: number[] = [];
    await importPath(room, put(room, `${line}\n`.repeat(10)), { onProgress: ({ records }) => steps.push(records) });
    expect(steps).toEqual([4, 8, 10]);
  });

  test('counts each copy of what goes to every partition', async () => {
    const line = POLICY.replace('"version":"1"', `"version":"${'v'.repeat(600_000)}"`);
    const steps: number[] = [];
    await importPath(room, put(room, `${line}\n`.repeat(3)), { onProgress: ({ records }) => steps.push(records) });
    expect(steps).toEqual([1, 2, 3]);
  });

  test('ends after the chunk at hand when it is told to stop, and goes on later', async () => {
    const path = put(room, eventLines(12_000));
    const stop = new AbortController();
    const stopped = await importPath(room, path, { signal: stop.signal, onProgress: () => stop.abort() });
    expect(stopped).toMatchObject({ status: 'stopped', records: 5_000, appended: 5_000 });
    expect(await importPath(room, path)).toMatchObject({ status: 'complete', records: 12_000, appended: 7_000, skipped: 5_000 });
  });

  test('of a file that somebody writes over brings in all of it when it comes again as it was', async () => {
    const content = eventLines(12_000);
    const path = put(room, content);
    const overwritten = await importPath(room, path, {
      onProgress: ({ records }) => {
        if (records === 5_000) put(room, content.replaceAll('"id":"e', '"id":"x'));
      },
    });
    expect(overwritten).toMatchObject({ status: 'incomplete', records: 12_000, problem: { code: 'input_changed' } });
    const idsOf = async (): Promise<Set<string>> =>
      new Set((await textsOf(room.log)).flat().map((record) => (JSON.parse(record) as { id: string }).id));
    expect((await idsOf()).has('e11999')).toBe(false);
    put(room, content);
    expect(await importPath(room, path)).toMatchObject({ status: 'complete', records: 12_000, appended: 12_000, skipped: 0 });
    expect([...(await idsOf())].filter((id) => id.startsWith('e'))).toHaveLength(12_000);
    expect(await importPath(room, path)).toMatchObject({ status: 'already_complete' });
  });

  test('of a damaged file brings in what can be read, says so each time and adds nothing the second time', async () => {
    const stored = gzipSync(eventLines(12_000));
    const path = put(room, stored.subarray(0, stored.length - 20_000), 'cut.ndjson.gz');
    const first = await importPath(room, path);
    expect(first).toMatchObject({
      status: 'incomplete',
      problem: { code: 'input_damaged', message: expect.stringContaining(path) },
    });
    expect(first.appended).toBeGreaterThan(5_000);
    const records = (await textsOf(room.log)).flat();
    // The line that the end cut through is there too: it will be a reject.
    expect(records.filter((record) => !record.endsWith('}'))).toHaveLength(1);
    expect(await importPath(room, path)).toMatchObject({
      status: 'incomplete',
      appended: 0,
      skipped: first.appended,
      problem: { code: 'input_damaged' },
    });
    expect((await recordsOf(room.log)).flat()).toHaveLength(records.length);
  });

  test('of a bomb of 600 MB of records needs bounded memory', { timeout: 60_000 }, async () => {
    const line = `${event(1, 'wx1', { user: 'u', api: 'a', page: 'p'.repeat(50_000) })}\n`;
    const frame = zstdCompressSync(Buffer.from(line.repeat(1_000)));
    const bomb = Buffer.concat(Array.from({ length: 12 }, () => frame));
    expect(bomb.length).toBeLessThan(400_000);
    let peakBytes = 0;
    const summary = await importPath(room, put(room, bomb), {
      onProgress: () => {
        const { arrayBuffers, heapUsed } = process.memoryUsage();
        peakBytes = Math.max(peakBytes, arrayBuffers + heapUsed);
      },
    });
    expect(summary).toMatchObject({ status: 'complete', records: 12_000 });
    expect(peakBytes).toBeLessThan(300 * 1024 * 1024);
  });

  test('of a bomb of one endless line is one record, cut and too large', { timeout: 60_000 }, async () => {
    const bomb = Buffer.concat([
      gzipSync(`${event(1)}\n`),
      ...Array.from({ length: 4 }, () => gzipSync(Buffer.alloc(64 * 1024 * 1024, 'z'))),
    ]);
    expect(bomb.length).toBeLessThan(400_000);
    expect(await importPath(room, put(room, bomb))).toMatchObject({ status: 'complete', records: 2 });
    expect(
      (await recordsOf(room.log))
        .flat()
        .map((record) => record.length)
        .sort((a, b) => a - b),
    ).toEqual([event(1).length, RECORD_BYTES_KEPT]);
  });

  test('in the wrong format can be done again in the right one', async () => {
    const path = put(
      room,
      '{"accessor":{"identifier":"a.b"},"category":"photos","identifier":"I","kind":"event","timeStamp":"2022-03-23T18:29:52.264+08:00","type":"access"}',
    );
    await importPath(room, path);
    expect(await importPath(room, path, { format: 'apple-privacy-report' })).toMatchObject({ status: 'complete', appended: 1 });
    expect(await importPath(room, path, { format: 'apple-privacy-report' })).toMatchObject({
      status: 'already_complete',
      appended: 0,
    });
  });
});
