/** Input that was made to break the reader: it ends in rejects with a reason, and the good records around it are judged. */
import { Buffer } from 'node:buffer';
import { createGzip, gzipSync } from 'node:zlib';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { Desk, ntk, ntkJson, type NtkResult, rowsOf } from './ntk.ts';
import { access, ndjson } from './records.ts';

// Hundreds of megabytes are read.
vi.setConfig({ testTimeout: 120_000 });

/** The embedded engine alone takes 300 to 900 MB. */
const PEAK_BYTES_MAX = 1_200_000_000;
const MEBIBYTE = 1024 * 1024;

const BEFORE = access({ id: 'before' });
const AFTER = access({ id: 'after' });

let desk: Desk;
beforeEach(() => {
  desk = new Desk();
});
afterEach(() => desk.clear());

async function runOn(file: string): Promise<NtkResult> {
  const result = await ntk(['run', '--data', desk.data, '--input', file]);
  expect(result.stderr).not.toContain('    at ');
  expect(result.peakBytes).toBeLessThan(PEAK_BYTES_MAX);
  return result;
}

async function judgedIds(): Promise<string[]> {
  const rows = await rowsOf<{ event_id: string }>(desk.data, 'SELECT event_id FROM ntk.access_results FINAL ORDER BY offset');
  return rows.map(({ event_id }) => event_id);
}

interface Reject {
  readonly reason: string;
  readonly bytes: number;
  readonly truncated: boolean;
}

const rejects = (): Promise<Reject[]> => ntkJson<Reject[]>(['rejects', 'list', '--data', desk.data, '--limit', '100000']);

async function proved(): Promise<boolean> {
  return (await ntk(['verify', '--data', desk.data])).code === 0;
}

const withData = (data: string): string => access({ id: 'x' }).replace(/"data":.*/, `"data":${data}}`);

const LINES: [string, string | Buffer, string][] = [
  ['a line of 10 MB', access({ id: 'x' }, { page: 'a'.repeat(10 * MEBIBYTE) }), 'too_large'],
  ['100,000 opening brackets', '['.repeat(100_000), 'invalid_json'],
  ['data that nests 100,000 deep', withData(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`), 'invalid_json'],
  [
    'bytes that are no UTF-8',
    Buffer.concat([Buffer.from('{"specversion":"1.0","id":"'), Buffer.from([0xff, 0xc3, 0x28]), Buffer.from('"}')]),
    'invalid_json',
  ],
  ['an overlong encoding', Buffer.concat([Buffer.from('{"id":"'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')]), 'invalid_json'],
  ['raw NUL bytes', `{"specversion":"1.0","id":"\0\0"}`, 'invalid_json'],
  ['nothing but NUL bytes', Buffer.alloc(4096), 'invalid_json'],
  ['a lone surrogate', access({ id: 'x' }).replace('"u1"', '"\\ud800"'), 'invalid_json'],
  ['a JSON text that is no object', '[1,2,3]', 'not_cloudevent'],
  [
    'attributes of a prototype',
    '{"__proto__":{"specversion":"1.0","id":"x","source":"s","type":"ntk.access","subject":"wx1"}}',
    'not_cloudevent',
  ],
  ['a type named constructor', access({ id: 'x' }).replace('ntk.access', 'constructor'), 'unknown_type'],
  ['rows of 2^63', access({ id: 'x' }).replace('"user"', '"rows":9223372036854775808,"user"'), 'invalid_data'],
  ['bytes of 2^53', access({ id: 'x' }).replace('"user"', '"bytes":9007199254740992,"user"'), 'invalid_data'],
  ['rows of 1e400', access({ id: 'x' }).replace('"user"', '"rows":1e400,"user"'), 'invalid_data'],
  ['rows below zero', access({ id: 'x' }, { rows: -1 }), 'invalid_data'],
  ['a user of 129 characters', access({ id: 'x' }, { user: '🙂'.repeat(129) }), 'invalid_data'],
  ['a time in the year 10000', access({ id: 'x', time: '+010000-01-01T00:00:00Z' }), 'not_cloudevent'],
];

describe('a file of good and bad lines in turn', () => {
  const between = LINES.map((_, i) => access({ id: `good-${i}` }));
  const other = new Desk();
  let result: NtkResult;
  let found: Reject[];

  beforeAll(async () => {
    const lines = LINES.flatMap(([, line], i) => [
      Buffer.from(`${between[i]}\n`),
      Buffer.isBuffer(line) ? line : Buffer.from(line),
      Buffer.from('\n'),
    ]);
    // One partition, so that rejects come in the order of the file.
    const input = other.write('events.ndjson', Buffer.concat([...lines, Buffer.from(`${AFTER}\n`)]));
    result = await ntk(['run', '--data', other.data, '--input', input], { env: { NTK_PARTITIONS: '1' } });
    found = await ntkJson<Reject[]>(['rejects', 'list', '--data', other.data]);
  });
  afterAll(() => other.clear());

  test('is read to its end, and every good line is judged', async () => {
    const good = between.length + 1;
    expect(result.stdout).toContain(`${good + LINES.length} records read, 0 duplicates, ${LINES.length} rejected; complete`);
    expect(result.code).toBe(0);
    expect(result.peakBytes).toBeLessThan(PEAK_BYTES_MAX);
    const rows = await rowsOf<{ event_id: string }>(other.data, 'SELECT event_id FROM ntk.access_results FINAL ORDER BY offset');
    expect(rows.map(({ event_id }) => event_id)).toEqual([...between.map((_, i) => `good-${i}`), 'after']);
    expect((await ntk(['verify', '--data', other.data])).code).toBe(0);
  });

  test.each(LINES.map(([name, , reason], i) => [name, reason, i] as const))('has %s rejected as %s', (_name, reason, i) => {
    expect(found).toHaveLength(LINES.length);
    expect(found[i]!.reason).toBe(reason);
  });
});

test('names out of an object’s prototype are names like any other', async () => {
  const names = ['__proto__', 'constructor', 'hasOwnProperty', 'toString'];
  const lines = names.map((name, i) => {
    const own = `"${name}":{"polluted":true}`;
    return access({ id: name, subject: 'wx1' }, { user: name, api: name, purpose: name, fields: names })
      .replace('"user"', `${own},"user"`)
      .replace('{', i % 2 === 0 ? `{${own},` : '{');
  });
  const { code } = await runOn(desk.write('events.ndjson', ndjson(...lines, AFTER)));
  expect(code).toBe(0);
  expect(await judgedIds()).toEqual([...names, 'after']);
  const rows = await rowsOf(
    desk.data,
    "SELECT api, category, purpose FROM ntk.access_results FINAL WHERE event_id = '__proto__'",
  );
  expect(rows).toEqual([{ api: '__proto__', category: 'unknown', purpose: '__proto__' }]);
  expect(await proved()).toBe(true);
});

test('what moves a terminal’s cursor is made visible before it is printed', async () => {
  const escape = '\u001b[2J\u202e';
  const file = desk.write(
    'events.ndjson',
    ndjson(access({ id: `id${escape}`, subject: `wx${escape}` }, { purpose: `p${escape}` }), `not json ${escape}`),
  );
  const outputs = [
    await runOn(file),
    await ntk(['explain', '--data', desk.data, '--program', `wx${escape}`, '--recompute']),
    await ntk(['rejects', 'list', '--data', desk.data]),
    await ntk(['explain', '--data', desk.data, `nothing${escape}`]),
    await ntk(['run', '--data', desk.data, '--input', `missing${escape}`]),
    await ntk(['run', '--data', desk.data, '--policy', `missing${escape}`, '--input', file]),
    await ntk([`unknown${escape}`]),
    await ntk(['verify', '--data', `missing${escape}`]),
  ];
  for (const { stdout, stderr } of outputs) for (const each of ['\u001b', '\u202e']) expect(stdout + stderr).not.toContain(each);
  expect(outputs[1]!.stdout).toContain('\\u{1b}[2J\\u{202e}');
});

describe('a compressed file', () => {
  const records = Array.from({ length: 2_000 }, (_, i) => access({ id: `e${i}` }, { page: `p${(i * 7_919) % 10_007}` }));

  test('that ends in its middle is read as far as it goes, and the command fails', async () => {
    const whole = gzipSync(ndjson(...records));
    const { code, stderr, stdout } = await runOn(desk.write('half.ndjson.gz', whole.subarray(0, whole.length >> 1)));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: \S*\/half\.ndjson\.gz ends in the middle of its gzip data at byte \d+/m);
    expect(stdout).toContain('accesses judged and stored');
    const judged = await judgedIds();
    expect(judged.length).toBeGreaterThan(500);
    expect(judged).toEqual(records.slice(0, judged.length).map((_, i) => `e${i}`));
    expect(await proved()).toBe(true);
  });

  test('with a damaged middle is read up to it, and the command fails', async () => {
    const damaged = gzipSync(ndjson(...records));
    damaged.fill(0xff, damaged.length >> 1, (damaged.length >> 1) + 200);
    const { code, stderr } = await runOn(desk.write('damaged.ndjson.gz', damaged));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: \S*\/damaged\.ndjson\.gz has damaged gzip data/m);
    expect(await proved()).toBe(true);
  });

  async function bomb(chunk: Buffer, times: number): Promise<string> {
    const path = join(desk.path, 'bomb.ndjson.gz');
    function* parts(): Generator<Buffer> {
      yield Buffer.from(`${BEFORE}\n`);
      for (let i = 0; i < times; i++) yield chunk;
      yield Buffer.from(`\n${AFTER}\n`);
    }
    await pipeline(Readable.from(parts()), createGzip({ level: 1 }), createWriteStream(path));
    return path;
  }

  test('of 200 MB of zeros in one line is one reject', async () => {
    const { code } = await runOn(await bomb(Buffer.alloc(MEBIBYTE), 200));
    expect(code).toBe(0);
    expect(await rejects()).toMatchObject([{ reason: 'too_large', truncated: true }]);
    expect(await judgedIds()).toEqual(['before', 'after']);
  });

  test('of sixty million blank lines holds two records', async () => {
    const { code, stdout } = await runOn(await bomb(Buffer.alloc(1_000_000, '\n'), 60));
    expect(code).toBe(0);
    expect(stdout).toContain('2 records read, 0 duplicates, 0 rejected; complete');
    expect(await judgedIds()).toEqual(['before', 'after']);
  });

  test('of 300,000 short broken lines is as many rejects and little memory', async () => {
    const { code, stdout } = await runOn(await bomb(Buffer.from('{}\n'.repeat(10_000)), 30));
    expect(code).toBe(0);
    expect(stdout).toContain('300,002 records read, 0 duplicates, 300,000 rejected; complete');
    expect(await judgedIds()).toEqual(['before', 'after']);
  });

  test('of a hundred long broken lines is a hundred rejects and little memory', async () => {
    const line = Buffer.alloc(2 * MEBIBYTE, 'a');
    line[line.length - 1] = 0x0a;
    const { code } = await runOn(await bomb(line, 100));
    expect(code).toBe(0);
    expect(new Set((await rejects()).map(({ reason }) => reason))).toEqual(new Set(['too_large']));
    expect(await judgedIds()).toEqual(['before', 'after']);
  });
});
