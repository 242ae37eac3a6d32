import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { constants, crc32, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Input, openInput } from '../../../services/importers/input/open-input.ts';
import { isInputProblem } from '../../../services/importers/input/problem.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ntk-input-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const spoolFolder = (): string => join(folder, 'data');

function file(content: Buffer | string, name = 'events.ndjson'): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function open(path: string, stdin?: AsyncIterable<Uint8Array>): Promise<Input> {
  const input = await openInput(path, { spoolFolder: spoolFolder(), ...(stdin === undefined ? {} : { stdin }) });
  if (isInputProblem(input)) throw new Error(input.message);
  return input;
}

async function contentOf(input: Input): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of input.chunks()) chunks.push(chunk);
  await input.close();
  return Buffer.concat(chunks);
}

const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

/** Lines that compress to about a third, so that pieces, chunks and members end anywhere. */
function lines(count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, (_, i) => `{"n":${i},"r":"${randomBytes(24).toString('hex')}"}\n`).join(''));
}

const COMPRESSORS = [
  { kind: 'gzip', compress: (bytes: Buffer): Buffer => gzipSync(bytes) },
  // With a checksum, as the zstd command writes it.
  {
    kind: 'zstd',
    compress: (bytes: Buffer): Buffer => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }),
  },
] as const;

test.each([0, 1, 5, 600_000, 1_100_000])(
  'a plain file of %d bytes is read as it is, and its hash is known before',
  async (size) => {
    const content = randomBytes(size).fill('a', 0, Math.min(size, 10));
    const input = await open(file(content));
    expect(input).toMatchObject({ name: 'events.ndjson', compression: 'plain', sizeBytes: size, sha256: sha256(content) });
    expect((await contentOf(input)).equals(content)).toBe(true);
    expect(input.problem).toBeNull();
    expect(input.readBytes).toBe(size);
  },
);

describe.each(COMPRESSORS)('a $kind file', ({ kind, compress }) => {
  test('is known by its first bytes, not by its name, and hashed as stored', async () => {
    const content = lines(30_000);
    const stored = compress(content);
    const input = await open(file(stored, 'events.txt'));
    expect(input).toMatchObject({ compression: kind, sizeBytes: stored.length, sha256: sha256(stored) });
    expect((await contentOf(input)).equals(content)).toBe(true);
    expect(input.problem).toBeNull();
    expect(input.readBytes).toBe(stored.length);
  });

  test('may hold nothing', async () => {
    const input = await open(file(compress(Buffer.alloc(0))));
    expect(await contentOf(input)).toHaveLength(0);
    expect(input.problem).toBeNull();
  });

  test('may have many members, small, empty and large', async () => {
    const parts = [
      lines(3),
      Buffer.alloc(0),
      lines(4_000),
      lines(1),
      lines(9_000),
      ...Array.from({ length: 40 }, () => lines(2)),
    ];
    const input = await open(file(Buffer.concat(parts.map(compress))));
    expect((await contentOf(input)).equals(Buffer.concat(parts))).toBe(true);
    expect(input.problem).toBeNull();
  });

  test('that ends too early gives all that it holds and one problem with the place', async () => {
    const content = lines(20_000);
    const stored = compress(content);
    const kept = Math.floor(stored.length * 0.6);
    const path = file(stored.subarray(0, kept));
    const input = await open(path);
    const read = await contentOf(input);
    expect(read.length).toBeGreaterThan(content.length * 0.5);
    expect(read.equals(content.subarray(0, read.length))).toBe(true);
    expect(input.problem).toMatchObject({ code: 'input_damaged' });
    expect(input.problem?.message).toContain(`${path} ends in the middle of its ${kind} data at byte ${kept} `);
  });

  test('with something else behind it gives all of its content and the place where that begins', async () => {
    const content = lines(1_000);
    const stored = compress(content);
    const input = await open(file(Buffer.concat([stored, Buffer.from('something else')])));
    expect((await contentOf(input)).equals(content)).toBe(true);
    expect(input.problem?.code).toBe('input_damaged');
    const place = Number(/at byte (\d+)/.exec(input.problem?.message ?? '')?.[1]);
    expect(Math.abs(place - stored.length)).toBeLessThanOrEqual(18);
  });

  test('with a damaged middle gives the same content up to there each time', async () => {
    const content = Buffer.concat([lines(20_000), lines(20_000)]);
    const first = compress(content.subarray(0, content.length / 2));
    const second = compress(content.subarray(content.length / 2));
    second.fill(0xff, 20_000, 20_100);
    const path = file(Buffer.concat([first, second]));
    const input = await open(path);
    const read = await contentOf(input);
    expect(input.problem?.message).toMatch(
      new RegExp(`^${path} has damaged ${kind} data at byte \\d+ \\(.+\\); what came before was read$`),
    );
    expect(read.length).toBeGreaterThanOrEqual(content.length / 2);
    expect((await contentOf(await open(path))).equals(read)).toBe(true);
  });

  test('of 192 megabytes in a fifth of one is read in bounded memory', async () => {
    const blockBytes = 64 * 1024 * 1024;
    const blocks = 3;
    const member = compress(Buffer.alloc(blockBytes, ' '));
    const input = await open(file(Buffer.concat(Array.from({ length: blocks }, () => member))));
    expect(input.sizeBytes).toBeLessThan(0.2 * 1024 * 1024);
    const before = process.memoryUsage().arrayBuffers;
    let bytes = 0;
    let largestChunk = 0;
    let peakBytes = 0;
    for await (const chunk of input.chunks()) {
      bytes += chunk.length;
      largestChunk = Math.max(largestChunk, chunk.length);
      peakBytes = Math.max(peakBytes, process.memoryUsage().arrayBuffers - before);
    }
    await input.close();
    expect(bytes).toBe(blocks * blockBytes);
    expect(largestChunk).toBeLessThanOrEqual(512 * 1024);
    expect(peakBytes).toBeLessThan(96 * 1024 * 1024);
  });
});

test('a checksum that does not fit is a problem, and all of the content came before it', async () => {
  const content = lines(5_000);
  const stored = gzipSync(content);
  expect(stored.readUInt32LE(stored.length - 8)).toBe(crc32(content));
  stored.writeUInt32LE(crc32('other'), stored.length - 8);
  const input = await open(file(stored));
  expect((await contentOf(input)).equals(content)).toBe(true);
  expect(input.problem?.message).toContain('incorrect data check');
});

test('zeros behind gzip data are padding', async () => {
  const content = lines(100);
  const input = await open(file(Buffer.concat([gzipSync(content), Buffer.alloc(100_000), gzipSync(content), Buffer.alloc(7)])));
  expect((await contentOf(input)).equals(Buffer.concat([content, content]))).toBe(true);
  expect(input.problem).toBeNull();
});

test('a zstd file that begins with a skippable frame is one', async () => {
  const content = lines(100);
  const skippable = Buffer.from([0x5e, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9]);
  const input = await open(file(Buffer.concat([skippable, zstdCompressSync(content), skippable])));
  expect(input.compression).toBe('zstd');
  expect((await contentOf(input)).equals(content)).toBe(true);
});

describe('what can be read only once', () => {
  async function* pieces(...parts: readonly Buffer[]): AsyncGenerator<Buffer> {
    yield* parts;
  }

  test('is standard input, which is hashed, kept aside and read like a file', async () => {
    const content = lines(20_000);
    const stored = gzipSync(content);
    const input = await open('-', pieces(stored.subarray(0, 1), stored.subarray(1, 70_000), stored.subarray(70_000)));
    expect(input).toMatchObject({ name: 'stdin', compression: 'gzip', sizeBytes: stored.length, sha256: sha256(stored) });
    expect((await contentOf(input)).equals(content)).toBe(true);
  });

  test('leaves no file with a name in the data folder, not even while it is read', async () => {
    const input = await open('-', pieces(lines(10)));
    expect(readdirSync(spoolFolder())).toEqual([]);
    await input.close();
  });

  test('may be empty', async () => {
    const input = await open('-', pieces());
    expect(await contentOf(input)).toHaveLength(0);
    expect(input.sha256).toBe(sha256(''));
  });

  test('is also a named pipe', async () => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const content = lines(1_000);
    const writer = spawn('sh', ['-c', 'cat > "$0"', path], { stdio: ['pipe', 'ignore', 'ignore'] });
    const written = once(writer, 'close');
    Readable.from([content]).pipe(writer.stdin);
    const input = await open(path);
    expect((await contentOf(input)).equals(content)).toBe(true);
    await written;
  });

  test('is also a file that is made when it is read and has no size before', async () => {
    const expected = readFileSync('/proc/version');
    expect(statSync('/proc/version').size).toBe(0);
    const input = await open('/proc/version');
    expect([input.name, input.sizeBytes, input.sha256]).toEqual(['version', expected.length, sha256(expected)]);
    expect(await contentOf(input)).toEqual(expected);
  });

  test('is refused with a reason when it cannot be kept', async () => {
    const problem = await openInput('-', {
      spoolFolder: join(file('not a folder', 'occupied'), 'data'),
      stdin: pieces(lines(1)),
    });
    expect(problem).toMatchObject({ code: 'spool_failed', message: expect.stringContaining('ENOTDIR') });
  });
});

describe('an input that cannot be opened is a problem of one line', () => {
  test.each([
    ['is not there', () => join(folder, 'none.ndjson'), 'input_not_found', 'no such file'],
    ['is a folder', () => folder, 'input_unreadable', 'is a folder, not a file'],
    ['lies in a file', () => join(file('x'), 'inside'), 'input_unreadable', 'cannot be read (ENOTDIR, not a directory)'],
    [
      'is a zip archive',
      () => file(Buffer.from('PK\x03\x04rest', 'latin1')),
      'input_unsupported',
      'is a zip archive: unpack it first',
    ],
    ['is an xz file', () => file(Buffer.from('\xfd7zXZ\0rest', 'latin1')), 'input_unsupported', 'is an xz file'],
    [
      'can be opened and not be read',
      () => '/proc/self/mem',
      'input_unreadable',
      '/proc/self/mem cannot be read (EIO, i/o error)',
    ],
    ['is standard input that nobody gave', () => '-', 'input_unreadable', 'there is no standard input'],
  ])('when it %s', async (_name, path, code, message) => {
    expect(await openInput(path(), { spoolFolder: spoolFolder() })).toEqual({ code, message: expect.stringContaining(message) });
  });
});

describe('a file that changes after it was opened', () => {
  test('is read as it was when it only grew', async () => {
    const content = lines(100);
    const path = file(content);
    const input = await open(path);
    appendFileSync(path, 'more\n');
    expect((await contentOf(input)).equals(content)).toBe(true);
    expect(input.problem).toBeNull();
  });

  test('is a problem when it became shorter', async () => {
    const path = file(lines(100));
    const input = await open(path);
    truncateSync(path, 10);
    expect(await contentOf(input)).toHaveLength(10);
    expect(input.problem).toMatchObject({
      code: 'input_changed',
      message: `${path} was changed while it was read, near byte 10`,
    });
  });

  test('is a problem when it says something else', async () => {
    const path = file(lines(100));
    const input = await open(path);
    writeFileSync(path, lines(100));
    await contentOf(input);
    expect(input.problem?.code).toBe('input_changed');
  });
});

test('an input that has not come whole is given up at the signal, at once and without a trace', async () => {
  const stop = new AbortController();
  async function* silent(): AsyncGenerator<Buffer> {
    yield Buffer.from('{"n":1}\n');
    stop.abort();
    await new Promise(() => {});
  }
  const options = { spoolFolder: spoolFolder(), signal: stop.signal };
  const stopped = { code: 'input_stopped', message: 'stopped before all of standard input had come; nothing of it was read' };
  expect(await openInput('-', { ...options, stdin: silent() })).toEqual(stopped);
  expect(await openInput('-', { ...options, stdin: silent() })).toEqual(stopped);
  expect(await openInput(file('{"n":1}\n'), options)).toMatchObject({ code: 'input_stopped' });
  expect(readdirSync(spoolFolder())).toEqual([]);
});

test('one file more than a process may have open is said to be one too many', () => {
  const module = join(import.meta.dirname, '../../../services/importers/input/open-input.ts');
  const script = `
    const { openInput } = await import(${JSON.stringify(module)});
    for (;;) {
      const input = await openInput(${JSON.stringify(file('{}\n'))}, { spoolFolder: ${JSON.stringify(spoolFolder())} });
      if ('code' in input) { console.log(input.message); process.exit(0); }
      (globalThis.open ??= []).push(input);
    }`;
  const said = execFileSync('sh', [
    '-c',
    'ulimit -n 100; exec "$@"',
    'sh',
    process.execPath,
    '--input-type=module',
    '-e',
    script,
  ]);
  expect(said.toString('utf8')).toMatch(
    /events\.ndjson cannot be read \(EMFILE, too many open files\): .*fewer inputs.*ulimit -n/,
  );
});
