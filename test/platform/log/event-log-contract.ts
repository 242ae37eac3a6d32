/** What every adapter of the log must do. Offsets may have gaps: tests go by what `bounds` and `read` answer. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type AppendStream,
  type EventLog,
  LogError,
  ORIGIN,
  type Owner,
  type ReadLimits,
  type RecordBatch,
  type Transaction,
} from '../../../services/platform/log/event-log.ts';

export interface OpenedLog {
  /** New and empty, with at least two partitions. */
  readonly log: EventLog;
  /** Closes what is open and opens the same log again. */
  reopen(): Promise<EventLog>;
  /** Closes what is open and removes the log. */
  dispose(): Promise<void>;
}

interface StoredRecord {
  readonly text: string;
  readonly offset: number;
  readonly appendedAtMs: number;
  readonly origin: number;
}

const PLENTY: ReadLimits = { maxRecords: 10_000, maxBytes: 64 * 1024 * 1024 };
/** Longer than a test may take: who is not woken fails. */
const WAIT_MS = 60_000;

const bytes = (...texts: string[]): Buffer[] => texts.map((text) => Buffer.from(text, 'latin1'));

function recordsOf(batch: RecordBatch): StoredRecord[] {
  return Array.from({ length: batch.count }, (_, i) => ({
    text: batch.bytes.toString('latin1', batch.starts[i], batch.starts[i + 1]),
    offset: batch.offsets[i]!,
    appendedAtMs: batch.appendedAtMs[i]!,
    origin: batch.origins[i]!,
  }));
}

/** All records from `from` (default: the start) on, read batch by batch. */
async function readAll(
  log: EventLog,
  stream: AppendStream,
  partition: number,
  limits = PLENTY,
  from?: number,
): Promise<StoredRecord[]> {
  const { start, end } = await log.bounds(stream, partition);
  const records: StoredRecord[] = [];
  for (let next = from ?? start; next < end; ) {
    const batch = await log.read(stream, partition, next, limits);
    expect(batch.partition).toBe(partition);
    expect(batch.starts).toHaveLength(batch.count + 1);
    records.push(...recordsOf(batch));
    // Behind the last record there may be markers that are no records.
    if (batch.nextOffset <= next) break;
    next = batch.nextOffset;
  }
  return records;
}

async function textsOf(log: EventLog, stream: AppendStream, partition: number): Promise<string[]> {
  return (await readAll(log, stream, partition)).map(({ text }) => text);
}

async function keyedOf(log: EventLog, partition: number, prefix: string): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for await (const { key, value } of log.readKeyed('checkpoints', partition, prefix)) found.push([key, value.toString('latin1')]);
  return found;
}

export function describeEventLog(name: string, open: () => Promise<OpenedLog>): void {
  describe(`the log on ${name}`, () => {
    let opened: OpenedLog;
    let log: EventLog;
    beforeEach(async () => {
      opened = await open();
      log = opened.log;
    });
    afterEach(async () => {
      await opened.dispose();
    });

    const append = (stream: AppendStream, partition: number, ...texts: string[]) =>
      log.commit({ appends: [{ stream, partition, values: bytes(...texts) }] });
    /** Commits that must succeed. */
    async function commitAs(owner: Owner, transaction: Transaction): Promise<readonly number[]> {
      const result = await owner.commit(transaction);
      expect(result.status).toBe('committed');
      return result.status === 'committed' ? result.baseOffsets : [];
    }

    describe('appending', () => {
      test('keeps the order of each partition and says where each append begins', async () => {
        await append('access', 0, 'a', 'b');
        await append('access', 1, 'other');
        const { baseOffsets } = await append('access', 0, 'c', 'd');
        const records = await readAll(log, 'access', 0);
        expect(records.map(({ text }) => text)).toEqual(['a', 'b', 'c', 'd']);
        expect(records[2]?.offset).toBe(baseOffsets[0]);
        const offsets = records.map(({ offset }) => offset);
        expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b));
        expect(await textsOf(log, 'access', 1)).toEqual(['other']);
      });

      test('keeps streams of the same partition apart', async () => {
        await append('access', 0, 'a');
        await append('results', 0, 'r');
        await append('verdicts', 0, 'v');
        await append('rejects', 0, 'x');
        expect(await textsOf(log, 'access', 0)).toEqual(['a']);
        expect(await textsOf(log, 'results', 0)).toEqual(['r']);
        expect(await textsOf(log, 'verdicts', 0)).toEqual(['v']);
        expect(await textsOf(log, 'rejects', 0)).toEqual(['x']);
      });

      test('takes several appends to one partition in their order', async () => {
        const { baseOffsets } = await log.commit({
          appends: [
            { stream: 'access', partition: 0, values: bytes('a', 'b'), origin: ORIGIN.run },
            { stream: 'access', partition: 0, values: bytes('c') },
          ],
        });
        const records = await readAll(log, 'access', 0);
        expect(records.map(({ text }) => text)).toEqual(['a', 'b', 'c']);
        expect([records[0]?.offset, records[2]?.offset]).toEqual(baseOffsets);
      });

      test('without values changes nothing', async () => {
        await append('access', 0, 'a');
        const before = await log.bounds('access', 0);
        await log.commit({ appends: [{ stream: 'access', partition: 0, values: [] }] });
        await log.commit({});
        expect(await log.bounds('access', 0)).toEqual(before);
      });

      test('keeps any bytes, and records without bytes', async () => {
        const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
        const values = [
          Buffer.alloc(0),
          all,
          Buffer.alloc(0),
          Buffer.from([0]),
          Buffer.from('{"a":"ü\u{1f600}"}\r\n'),
          Buffer.alloc(0),
        ];
        await log.commit({ appends: [{ stream: 'access', partition: 0, values }] });
        expect(await textsOf(log, 'access', 0)).toEqual(values.map((value) => value.toString('latin1')));
      });

      test('keeps a part of a larger buffer as that part', async () => {
        const whole = new Uint8Array([1, 2, 3, 4, 5, 6]);
        await log.commit({ appends: [{ stream: 'access', partition: 0, values: [whole.subarray(1, 3), whole.subarray(5)] }] });
        expect(await textsOf(log, 'access', 0)).toEqual(['\u0002\u0003', '\u0006']);
      });

      test('takes more records at once than are stored together', async () => {
        const texts = Array.from({ length: 3_456 }, (_, i) => `record ${i}`);
        await append('access', 0, ...texts);
        expect(await textsOf(log, 'access', 0)).toEqual(texts);
      });

      test('takes a record of 1 MiB and many large ones at once', async () => {
        const values = Array.from({ length: 9 }, (_, i) => Buffer.alloc(1024 * 1024, i));
        await log.commit({ appends: [{ stream: 'access', partition: 0, values }] });
        const records = await readAll(log, 'access', 0, { maxRecords: 2, maxBytes: 64 * 1024 * 1024 });
        expect(records.map(({ text }) => [text.length, text.charCodeAt(0)])).toEqual(values.map((value, i) => [value.length, i]));
      });

      test('keeps where a record came from, live unless said otherwise', async () => {
        await append('access', 0, 'live');
        for (const origin of Object.values(ORIGIN)) {
          await log.commit({ appends: [{ stream: 'access', partition: 0, values: bytes(`origin ${origin}`), origin }] });
        }
        const records = await readAll(log, 'access', 0);
        expect(records.map(({ origin }) => origin)).toEqual([ORIGIN.live, ...Object.values(ORIGIN)]);
      });

      test('gives append times that never fall within a partition', async () => {
        for (let i = 0; i < 20; i++) await append('access', 0, `${i}`);
        const times = (await readAll(log, 'access', 0)).map(({ appendedAtMs }) => appendedAtMs);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        expect(times.every((time) => Number.isSafeInteger(time) && time > 0)).toBe(true);
      });

      test('refuses a partition that the log does not have, and writes nothing of that transaction', async () => {
        const appends = [
          { stream: 'access' as const, partition: 0, values: bytes('a') },
          { stream: 'access' as const, partition: log.partitions, values: bytes('b') },
        ];
        await expect(log.commit({ appends })).rejects.toThrow(RangeError);
        const owner = await log.claim('writer', 0);
        const position = { consumer: 'writer', partition: log.partitions, offset: 0, note: '' } as const;
        await expect(owner.commit({ appends: appends.slice(0, 1), position })).rejects.toThrow(RangeError);
        expect(await textsOf(log, 'access', 0)).toEqual([]);
      });
    });

    describe('reading', () => {
      const TEXTS = Array.from({ length: 2_500 }, (_, i) => `${i}:${'x'.repeat(i % 97)}`);
      let offsets: number[];
      beforeEach(async () => {
        await append('access', 1, ...TEXTS.slice(0, 1_100));
        for (const text of TEXTS.slice(1_100, 1_110)) await append('access', 1, text);
        await append('access', 1, ...TEXTS.slice(1_110));
        offsets = (await readAll(log, 'access', 1)).map(({ offset }) => offset);
      });

      test('begins anywhere', async () => {
        for (const from of [0, 1, 777, 999, 1_000, 1_001, 1_099, 1_100, 1_105, 1_110, 2_110, 2_499]) {
          const batch = await log.read('access', 1, offsets[from]!, PLENTY);
          expect(recordsOf(batch)[0]).toMatchObject({ text: TEXTS[from], offset: offsets[from] });
          const rest = await readAll(log, 'access', 1, PLENTY, offsets[from]);
          expect(rest.map(({ text }) => text)).toEqual(TEXTS.slice(from));
        }
      });

      test('gives the same records whatever the limits are, and never more than they allow', async () => {
        const limits = [
          { maxRecords: 1, maxBytes: 1_000_000 },
          { maxRecords: 333, maxBytes: 1_000_000 },
          { maxRecords: 1_000, maxBytes: 1_000_000 },
          { maxRecords: 2_499, maxBytes: 1_000_000 },
          { maxRecords: 10_000, maxBytes: 250 },
          { maxRecords: 10_000, maxBytes: 60_000 },
        ];
        for (const { maxRecords, maxBytes } of limits) {
          const texts: string[] = [];
          for (let next = offsets[0]!; next <= offsets.at(-1)!; ) {
            const batch = await log.read('access', 1, next, { maxRecords, maxBytes });
            expect(batch.count).toBeLessThanOrEqual(maxRecords);
            if (batch.count > 1) expect(batch.starts[batch.count]! - batch.starts[0]!).toBeLessThanOrEqual(maxBytes);
            expect(batch.nextOffset).toBeGreaterThan(next);
            texts.push(...recordsOf(batch).map(({ text }) => text));
            next = batch.nextOffset;
          }
          expect(texts).toEqual(TEXTS);
        }
      });

      test('gives the same records in the memory of a batch that nobody needs any more', async () => {
        await append('access', 0, ...Array.from({ length: 60 }, (_, i) => `record ${i} ${'.'.repeat((i * 37) % 200)}`));
        const all = await readAll(log, 'access', 0);
        const limits = { maxRecords: 7, maxBytes: 700 };
        const found: StoredRecord[] = [];
        let recycled: RecordBatch | null = null;
        for (let next = all[0]!.offset; found.length < all.length; ) {
          const batch: RecordBatch = await log.read('access', 0, next, { ...limits, recycled });
          found.push(...recordsOf(batch));
          next = batch.nextOffset;
          recycled = batch;
        }
        expect(found).toEqual(all);
      });

      test('gives a record that is larger than the limit', async () => {
        await append('results', 0, 'y'.repeat(5_000), 'z');
        const { start } = await log.bounds('results', 0);
        const batch = await log.read('results', 0, start, { maxRecords: 5, maxBytes: 100 });
        expect(recordsOf(batch).map(({ text }) => text.length)).toEqual([5_000]);
      });

      test('at the end gives nothing and stays where it is', async () => {
        const { end } = await log.bounds('access', 1);
        const batch = await log.read('access', 1, end, PLENTY);
        expect(batch).toMatchObject({ partition: 1, count: 0, nextOffset: end });
        expect(batch.starts).toHaveLength(1);
        expect(batch.offsets).toHaveLength(0);
      });

      test('goes on where it ended when more comes in', async () => {
        const { end } = await log.bounds('access', 1);
        await append('access', 1, 'more');
        const batch = await log.read('access', 1, end, PLENTY);
        expect(recordsOf(batch).map(({ text }) => text)).toEqual(['more']);
      });
    });

    describe('an empty partition', () => {
      test('begins and ends at the same offset, and has no last record', async () => {
        const { start, end } = await log.bounds('verdicts', 1);
        expect(start).toBe(end);
        expect(await log.last('verdicts', 1)).toBeNull();
        expect(await log.read('verdicts', 1, end, PLENTY)).toMatchObject({ count: 0, nextOffset: end });
      });
    });

    test('the last record of a partition is the newest one that was committed', async () => {
      await append('results', 0, 'a', 'b', 'c');
      await append('results', 1, 'other');
      const { baseOffsets } = await append('results', 0, 'd');
      const last = await log.last('results', 0);
      expect(last).toEqual({ offset: baseOffsets[0], value: Buffer.from('d') });
      await append('results', 0, ...Array.from({ length: 1_500 }, (_, i) => `n${i}`));
      expect((await log.last('results', 0))?.value.toString()).toBe('n1499');
    });

    describe('a transaction', () => {
      test('over several streams, keys and the position is there as a whole', async () => {
        const owner = await log.claim('scorer', 1);
        const baseOffsets = await commitAs(owner, {
          appends: [
            { stream: 'results', partition: 1, values: bytes('block') },
            { stream: 'verdicts', partition: 1, values: bytes('v1', 'v2') },
            { stream: 'rejects', partition: 1, values: bytes('reject') },
          ],
          puts: [{ stream: 'checkpoints', partition: 1, key: 'page', value: Buffer.from('state') }],
          position: { consumer: 'scorer', partition: 1, offset: 42, note: '' },
        });
        expect(await textsOf(log, 'results', 1)).toEqual(['block']);
        expect(await textsOf(log, 'verdicts', 1)).toEqual(['v1', 'v2']);
        expect(await textsOf(log, 'rejects', 1)).toEqual(['reject']);
        expect((await log.getKeyed('checkpoints', 1, 'page'))?.toString()).toBe('state');
        expect(await log.position('scorer', 1)).toMatchObject({ offset: 42 });
        expect((await log.last('verdicts', 1))?.offset).toBeGreaterThan(baseOffsets[1]!);
      });

      test('that fails leaves nothing behind', async () => {
        const owner = await log.claim('scorer', 0);
        const wrong = owner.commit({
          appends: [{ stream: 'results', partition: 0, values: bytes('block') }],
          puts: [
            { stream: 'checkpoints', partition: 0, key: 'page', value: Buffer.from('state') },
            { stream: 'checkpoints', partition: log.partitions, key: 'page', value: Buffer.from('state') },
          ],
          position: { consumer: 'scorer', partition: 0, offset: 7, note: '' },
        });
        await expect(wrong).rejects.toThrow(RangeError);
        expect(await textsOf(log, 'results', 0)).toEqual([]);
        expect(await log.getKeyed('checkpoints', 0, 'page')).toBeNull();
        expect(await log.position('scorer', 0)).toBeNull();
      });
    });

    describe('an owner', () => {
      test('is fenced by whoever claims the partition after it, and then writes nothing', async () => {
        const old = await log.claim('scorer', 0);
        await commitAs(old, {
          appends: [{ stream: 'results', partition: 0, values: bytes('first') }],
          position: { consumer: 'scorer', partition: 0, offset: 1, note: 'a' },
        });
        const young = await log.claim('scorer', 0);
        const late = await old.commit({
          appends: [
            { stream: 'results', partition: 0, values: bytes('late') },
            { stream: 'verdicts', partition: 0, values: bytes('late') },
          ],
          puts: [{ stream: 'checkpoints', partition: 0, key: 'k', value: Buffer.from('late') }],
          position: { consumer: 'scorer', partition: 0, offset: 99, note: 'late' },
        });
        expect(late).toEqual({ status: 'fenced' });
        expect(await textsOf(log, 'results', 0)).toEqual(['first']);
        expect(await textsOf(log, 'verdicts', 0)).toEqual([]);
        expect(await log.getKeyed('checkpoints', 0, 'k')).toBeNull();
        expect(await log.position('scorer', 0)).toMatchObject({ offset: 1, note: 'a' });

        await commitAs(young, { appends: [{ stream: 'results', partition: 0, values: bytes('second') }] });
        expect(await textsOf(log, 'results', 0)).toEqual(['first', 'second']);
        expect(await old.commit({})).toEqual({ status: 'fenced' });
      });

      test('has one role in one partition only', async () => {
        const scorer = await log.claim('scorer', 0);
        const writer = await log.claim('writer', 0);
        const neighbour = await log.claim('scorer', 1);
        expect([scorer, writer, neighbour].map(({ role, partition }) => [role, partition])).toEqual([
          ['scorer', 0],
          ['writer', 0],
          ['scorer', 1],
        ]);
        for (const owner of [scorer, writer, neighbour]) {
          await commitAs(owner, { position: { consumer: owner.role, partition: owner.partition, offset: 5, note: '' } });
        }
      });

      test('that released its partition is fenced, and whoever has it now is not', async () => {
        const first = await log.claim('writer', 0);
        const second = await log.claim('writer', 0);
        await first.release();
        await first.release();
        expect(await first.commit({ appends: [{ stream: 'results', partition: 0, values: bytes('x') }] })).toEqual({
          status: 'fenced',
        });
        await commitAs(second, { position: { consumer: 'writer', partition: 0, offset: 3, note: '' } });
        await second.release();
        expect(await second.commit({})).toEqual({ status: 'fenced' });
        expect(await textsOf(log, 'results', 0)).toEqual([]);
        const third = await log.claim('writer', 0);
        await commitAs(third, { position: { consumer: 'writer', partition: 0, offset: 4, note: '' } });
      });

      test('fences nobody who appends without owning', async () => {
        await log.claim('scorer', 0);
        await append('access', 0, 'a');
        expect(await textsOf(log, 'access', 0)).toEqual(['a']);
      });
    });

    describe('a position', () => {
      test('keeps its note, and the newest counts', async () => {
        const note = '{"next":12,"to":40,"name":"ü"}';
        const owner = await log.claim('writer', 1);
        expect(await log.position('writer', 1)).toBeNull();
        await commitAs(owner, { position: { consumer: 'writer', partition: 1, offset: 10, note: '' } });
        await commitAs(owner, { position: { consumer: 'writer', partition: 1, offset: Number.MAX_SAFE_INTEGER, note } });
        expect(await log.position('writer', 1)).toEqual({
          consumer: 'writer',
          partition: 1,
          offset: Number.MAX_SAFE_INTEGER,
          note,
        });
        expect(await log.position('writer', 0)).toBeNull();
        expect(await log.position('scorer', 1)).toBeNull();
      });
    });

    describe('keys', () => {
      const put = (partition: number, entries: Record<string, string | null>) =>
        log.commit({
          puts: Object.entries(entries).map(([key, value]) => ({
            stream: 'checkpoints' as const,
            partition,
            key,
            value: value === null ? null : Buffer.from(value, 'latin1'),
          })),
        });

      test('hold the newest value, of several in one transaction the last', async () => {
        await put(0, { a: '1', b: '1' });
        await put(0, { a: '2' });
        await log.commit({
          puts: ['3', '4'].map((value) => ({
            stream: 'checkpoints' as const,
            partition: 0,
            key: 'c',
            value: Buffer.from(value),
          })),
        });
        expect(await keyedOf(log, 0, '')).toEqual([
          ['a', '2'],
          ['b', '1'],
          ['c', '4'],
        ]);
        expect((await log.getKeyed('checkpoints', 0, 'a'))?.toString()).toBe('2');
      });

      test('are gone when they are removed, and may come back', async () => {
        await put(0, { a: '1', b: '1' });
        await put(0, { a: null, 'never there': null });
        expect(await log.getKeyed('checkpoints', 0, 'a')).toBeNull();
        expect(await keyedOf(log, 0, '')).toEqual([['b', '1']]);
        await put(0, { a: '9' });
        expect(await keyedOf(log, 0, '')).toEqual([
          ['a', '9'],
          ['b', '1'],
        ]);
      });

      test('come many at once, each with its newest value, and none for keys that have none', async () => {
        await put(0, { a: '1', b: '1', removed: '1' });
        await put(0, { c: '1', a: '2', removed: null });
        await put(1, { b: 'of another partition' });
        const keys = ['c', 'never there', 'a', 'removed', 'b'];
        const found: string[] = [];
        for await (const { key, value } of log.getManyKeyed('checkpoints', 0, keys)) found.push(`${key} ${value.toString()}`);
        expect(found.toSorted()).toEqual(['a 2', 'b 1', 'c 1']);
        for await (const { key } of log.getManyKeyed('checkpoints', 0, [])) expect(key).toBe('nothing was asked for');
      });

      test('are kept apart by stream and partition', async () => {
        await put(0, { k: 'checkpoint 0' });
        await put(1, { k: 'checkpoint 1' });
        await log.commit({ puts: [{ stream: 'imports', partition: 0, key: 'k', value: Buffer.from('import') }] });
        expect((await log.getKeyed('checkpoints', 0, 'k'))?.toString()).toBe('checkpoint 0');
        expect((await log.getKeyed('checkpoints', 1, 'k'))?.toString()).toBe('checkpoint 1');
        expect((await log.getKeyed('imports', 0, 'k'))?.toString()).toBe('import');
        expect(await log.getKeyed('imports', 1, 'k')).toBeNull();
      });

      test('come in the order of their code units, those with the prefix only', async () => {
        const keys = [
          'page/10',
          'page/2',
          'page/',
          'page',
          'pagf',
          'Page/1',
          'page/\u{1f600}',
          'page/\uffe5',
          'page/ü',
          'page/\u0000',
          'page/%',
          'page/_',
        ];
        await put(0, Object.fromEntries(keys.map((key) => [key, key.length.toString()])));
        const inOrder = keys.toSorted();
        expect((await keyedOf(log, 0, '')).map(([key]) => key)).toEqual(inOrder);
        expect((await keyedOf(log, 0, 'page/')).map(([key]) => key)).toEqual(inOrder.filter((key) => key.startsWith('page/')));
        expect((await keyedOf(log, 0, 'page/1')).map(([key]) => key)).toEqual(['page/10']);
        expect(await keyedOf(log, 0, 'q')).toEqual([]);
      });

      test('may hold any bytes, also none', async () => {
        const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('latin1');
        await put(0, { all, none: '' });
        expect(await keyedOf(log, 0, '')).toEqual([
          ['all', all],
          ['none', ''],
        ]);
        expect(await log.getKeyed('checkpoints', 0, 'none')).toEqual(Buffer.alloc(0));
      });

      test('may hold pages of 256 KiB', async () => {
        const page = Buffer.from(Array.from({ length: 256 * 1024 }, (_, i) => (i * 7919) % 251)).toString('latin1');
        await put(0, { a: page, b: `${page.slice(1)}b` });
        expect(await keyedOf(log, 0, '')).toEqual([
          ['a', page],
          ['b', `${page.slice(1)}b`],
        ]);
      });

      test('may be removed while they are read', async () => {
        await put(0, Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, `${i}`])));
        let read = 0;
        for await (const { key } of log.readKeyed('checkpoints', 0, 'k')) {
          await put(0, { [key]: null });
          read++;
        }
        expect(read).toBe(50);
        expect(await keyedOf(log, 0, '')).toEqual([]);
      });
    });

    describe('opened again', () => {
      test('it is the same log with everything in it', async () => {
        const { logId, partitions } = log;
        await log.commit({ appends: [{ stream: 'access', partition: 0, values: bytes('a', 'b'), origin: ORIGIN.imported }] });
        await append('access', 0, 'c');
        const owner = await log.claim('scorer', 0);
        await commitAs(owner, {
          appends: [{ stream: 'results', partition: 0, values: bytes('block') }],
          puts: [{ stream: 'checkpoints', partition: 0, key: 'k', value: Buffer.from('v') }],
          position: { consumer: 'scorer', partition: 0, offset: 3, note: 'n' },
        });
        const records = await readAll(log, 'access', 0);
        const bounds = await log.bounds('access', 0);

        log = await opened.reopen();
        expect(logId).toMatch(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
        expect({ logId: log.logId, partitions: log.partitions }).toEqual({ logId, partitions });
        expect(await readAll(log, 'access', 0)).toEqual(records);
        expect(await log.bounds('access', 0)).toEqual(bounds);
        expect((await log.last('results', 0))?.value.toString()).toBe('block');
        expect(await keyedOf(log, 0, '')).toEqual([['k', 'v']]);
        expect(await log.position('scorer', 0)).toEqual({ consumer: 'scorer', partition: 0, offset: 3, note: 'n' });
        await append('access', 0, 'd');
        expect(await textsOf(log, 'access', 0)).toEqual(['a', 'b', 'c', 'd']);
      });

      test('a partition can be claimed, which fences whoever had it before', async () => {
        await commitAs(await log.claim('scorer', 0), { position: { consumer: 'scorer', partition: 0, offset: 1, note: '' } });
        log = await opened.reopen();
        await commitAs(await log.claim('scorer', 0), { position: { consumer: 'scorer', partition: 0, offset: 2, note: '' } });
        expect(await log.position('scorer', 0)).toMatchObject({ offset: 2 });
      });
    });

    describe('waiting for records', () => {
      /** As consumers do: read, and wait when there is nothing. */
      async function awaitTexts(
        stream: AppendStream,
        count: number,
        signal?: AbortSignal,
      ): Promise<{ texts: string[]; waits: number }> {
        const texts: string[] = [];
        let waits = 0;
        for (let next = (await log.bounds(stream, 0)).start; texts.length < count; ) {
          const batch = await log.read(stream, 0, next, PLENTY);
          texts.push(...recordsOf(batch).map(({ text }) => text));
          next = batch.nextOffset;
          if (batch.count > 0) continue;
          await log.waitForAppend(stream, WAIT_MS, signal);
          waits++;
        }
        return { texts, waits };
      }

      test('ends when some are appended', async () => {
        const waiting = awaitTexts('access', 3);
        for (const text of ['a', 'b', 'c']) await append('access', 0, text);
        const { texts, waits } = await waiting;
        expect(texts).toEqual(['a', 'b', 'c']);
        expect(waits).toBeLessThan(20);
      });

      test('ends for each of several who wait for the same stream', async () => {
        const waiting = [new AbortController(), new AbortController()].map(({ signal }) => awaitTexts('results', 2, signal));
        await append('results', 0, 'a');
        await append('results', 0, 'b');
        for (const { texts } of await Promise.all(waiting)) expect(texts).toEqual(['a', 'b']);
      });

      test('ends after the timeout when nothing comes', async () => {
        for (let i = 0; i < 3; i++) await log.waitForAppend('rejects', 20);
        expect(await textsOf(log, 'rejects', 0)).toEqual([]);
      });

      test('ends when it is aborted, also when that was before', async () => {
        const controller = new AbortController();
        const consumer = async (): Promise<void> => {
          while (!controller.signal.aborted) await log.waitForAppend('verdicts', WAIT_MS * 10, controller.signal);
        };
        const waiting = consumer();
        await append('access', 0, 'of another stream');
        controller.abort();
        await waiting;
        await log.waitForAppend('verdicts', WAIT_MS * 10, controller.signal);
        expect(controller.signal.aborted).toBe(true);
      });
    });

    test('closing twice is fine', async () => {
      await log.close();
      await log.close();
      log = await opened.reopen();
      expect(await textsOf(log, 'access', 0)).toEqual([]);
    });

    test('an offset below zero is out of range', async () => {
      await append('access', 0, 'a');
      const reading = log.read('access', 0, -1, PLENTY);
      await expect(reading).rejects.toThrow(LogError);
      await expect(reading).rejects.toMatchObject({ code: 'log_offset_out_of_range' });
    });
  });
}
