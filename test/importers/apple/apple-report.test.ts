import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RECORD_BYTES_KEPT } from '../../../schemas/codes.ts';
import { partitionOf } from '../../../services/domain/partitioning/murmur2.ts';
import { parseRecord } from '../../../services/domain/record/parse.ts';
import type { ImportSummary } from '../../../services/importers/import-file.ts';
import { FIXTURES, importPath, inNewLog, put, type Room, recordsOf, textsOf, useRoom } from '../imported.ts';
import { networkRow } from './network-row.ts';

const room = useRoom();

/** A real report of seven days; examples/ios-week says where it comes from. */
const SEVEN_DAYS = join(import.meta.dirname, '../../../examples/ios-week/App_Privacy_Report_v4_2022-03-30.ndjson.gz');

interface AccessEvent {
  readonly id: string;
  readonly subject: string;
  readonly time: string;
  readonly data: {
    readonly api: string;
    readonly user: string;
    readonly category?: string;
    readonly rows?: number;
    readonly fields?: readonly string[];
    readonly durationMs?: number;
  };
}

const importReport = (into: Pick<Room, 'folder' | 'log'>, path: string, options: object = {}): Promise<ImportSummary> =>
  importPath(into, path, { format: 'apple-privacy-report', ...options });
const fixture = (name: string): string => join(FIXTURES, 'apple', name);

/** Everything in the log that is an access, by event time. */
async function accesses(): Promise<AccessEvent[]> {
  const texts = (await textsOf(room.log)).flat();
  const events = texts.filter((text) => text.startsWith('{"specversion"')).map((text) => JSON.parse(text) as AccessEvent);
  return events.sort((a, b) => Date.parse(a.time) - Date.parse(b.time) || (a.id < b.id ? -1 : 1));
}

/** What each access says, without the parts that all have. */
async function told(): Promise<unknown[]> {
  return (await accesses()).map(({ subject, time, data: { api, category, rows, fields, durationMs } }) =>
    [subject, api, category, time, ...(fields ?? []), rows, durationMs].filter((part) => part !== undefined).join(' '),
  );
}

test('a real report of seven days gives 1,456 sensor accesses of 27 programs and one access for each network row', async () => {
  expect(await importReport(room, SEVEN_DAYS)).toMatchObject({
    status: 'complete',
    records: 1_456 + 857,
    appended: 1_456 + 857,
    odd: [],
  });
  const all = await accesses();
  const sensors = all.filter(({ data }) => data.api !== 'apple.network');
  expect(sensors).toHaveLength(1_456);
  expect(new Set(sensors.map(({ subject }) => subject)).size).toBe(27);
  expect(all).toHaveLength(1_456 + 857);
  const byApi = Object.groupBy(sensors, ({ data }) => data.api);
  expect(Object.fromEntries(Object.entries(byApi).map(([api, list]) => [api, list?.length]))).toEqual({
    'apple.camera': 114,
    'apple.contacts': 561,
    'apple.location': 277,
    'apple.mediaLibrary': 41,
    'apple.microphone': 97,
    'apple.photos': 366,
  });
  expect(new Set(all.map(({ data }) => data.user))).toEqual(new Set(['device-1']));
  for (const [partition, records] of (await recordsOf(room.log)).entries()) {
    for (const record of records) {
      expect(parseRecord(record, 0, record.length, 'utf8')).toMatchObject({ type: 'ntk.access' });
      expect(partitionOf((JSON.parse(record.toString('utf8')) as AccessEvent).subject, 4)).toBe(partition);
    }
  }
});

test('an interval becomes one access with its begin, its offset and its duration', async () => {
  await importReport(room, fixture('photos-at-night-v4.ndjson'), { deviceUser: 'u_1' });
  const records = (await textsOf(room.log)).flat();
  expect(records.map((record) => JSON.parse(record) as unknown)).toEqual([
    {
      specversion: '1.0',
      id: 'apple/B0848F17-B581-42C4-AF98-EC5CB2181A61',
      source: 'host/apple-ios',
      type: 'ntk.access',
      subject: 'com.tencent.xin',
      time: '2021-10-09T06:41:51.896+08:00',
      data: { user: 'u_1', api: 'apple.photos', foreground: true, outcome: 'performed', durationMs: 191_917 },
    },
  ]);
});

describe('an older report', () => {
  test('of version 2 names streams and permissions and ends with its domains in one object', async () => {
    expect(await importReport(room, fixture('v2-2021-06-11.ndjson'))).toMatchObject({ records: 10, appended: 10, odd: [] });
    expect(await told()).toEqual([
      'com.example.phone apple.contacts 2021-06-09T14:19:48.270-05:00',
      'com.example.editor apple.photos 2021-06-09T15:00:00.000-05:00 2500',
      'com.example.maps apple.location 2021-06-09T15:00:01.000-05:00 600000',
      'com.example.meet apple.screenRecording 2021-06-10T09:00:00.000-05:00',
      'com.example.maps apple.network 2021-06-10T14:00:00Z tiles.example 120',
      'com.example.lab apple.kTCCServiceNewThing 2021-06-10T09:30:00.000-05:00',
      'com.example.lab apple.kTCCServiceCalendar calendar 2021-06-10T09:31:00.000-05:00',
      'com.example.lab apple.com.apple.privacy.accounting.stream.new-thing 2021-06-10T09:32:00.000-05:00',
      'com.example.editor apple.network 2021-06-11T05:18:04Z api.editor.example 7',
      'com.example.editor apple.network 2021-06-11T06:00:00Z ads.example 1',
    ]);
  });

  test('of version 3 has markers, categories and times with a small s', async () => {
    expect(await importReport(room, fixture('v3-2021-06-25.ndjson'))).toMatchObject({ records: 4, appended: 4, odd: [] });
    expect(await told()).toEqual([
      'com.example.music apple.network 2021-06-23T04:02:13.891-05:00 music.example 7',
      'com.example.old apple.network 2021-06-24T04:02:13.891-05:00 old.example 2',
      'com.example.phone apple.contacts 2021-06-24T08:00:00.000-05:00 3250',
      'com.example.music apple.mediaLibrary 2021-06-24T08:01:00.000-05:00',
    ]);
  });

  test('has an access and a domain that also say that they are markers, and the marker beside them is no record', async () => {
    const access = {
      accessor: { identifier: 'com.example.phone', identifierType: 'bundleID' },
      category: 'contacts',
      identifier: 'A0000000-0000-4000-8000-000000000001',
      kind: 'event',
      timestamp: '2021-06-24T08:00:00.000-05:00',
    };
    const lines = [
      { _marker: '<metadata>', recordType: 'access', version: 3 },
      { ...access, _marker: 'hidden' },
      { domain: 'hidden.example', bundleID: 'com.example.phone', hits: 2, timeStamp: '2021-06-24T19:00:00Z', _marker: '' },
      { _marker: '<end-of-section>' },
    ];
    const path = put(room, lines.map((line) => JSON.stringify(line)).join('\n'));
    expect(await importReport(room, path)).toMatchObject({ records: 2, appended: 2, odd: [] });
    expect(await told()).toEqual([
      'com.example.phone apple.contacts 2021-06-24T08:00:00.000-05:00',
      'com.example.phone apple.network 2021-06-24T19:00:00Z hidden.example 2',
    ]);
  });

  test('whose domains stand on one line says the same', async () => {
    const lines = readFileSync(fixture('v2-2021-06-11.ndjson'), 'utf8').split('\n');
    const at = lines.indexOf('{');
    const domains = JSON.stringify(JSON.parse(lines.slice(at).join('\n')));
    const long = await inNewLog(room, (own) => importReport(own, fixture('v2-2021-06-11.ndjson')));
    const short = await inNewLog(room, (own) => importReport(own, put(own, [...lines.slice(0, at), domains].join('\r\n'))));
    expect(short).toEqual(long);
  });

  test('of which one domain makes no sense is kept as it stands, and none of its domains is read', async () => {
    const row = { domain: 'x.example', hits: 3, timeStamp: '2021-06-10T00:00:00Z' };
    const line = JSON.stringify({ 'a.b': [row, { ...row, domain: '' }] });
    expect(await importReport(room, put(room, line))).toMatchObject({ records: 1, appended: 1 });
    expect((await textsOf(room.log)).flat()).toEqual([line]);
  });

  test('that was cut inside its domains keeps what it says before, and each line of the rest', async () => {
    const lines = readFileSync(fixture('v2-2021-06-11.ndjson'), 'utf8').trimEnd().split('\n');
    const at = lines.indexOf('{');
    const summary = await importReport(room, put(room, lines.slice(0, -3).join('\n')));
    expect(summary.odd).toEqual([{ code: 'unknown_shape', count: lines.length - 3 - at, firstLine: at + 1 }]);
    expect(await accesses()).toHaveLength(7);
    expect((await textsOf(room.log)).flat()).toEqual(expect.arrayContaining(lines.slice(at, -3)));
  });
});

test('intervals that are open, backwards or doubled are accesses all the same, and are told of', async () => {
  const summary = await importReport(room, fixture('v4-odd.ndjson'));
  expect(await told()).toEqual([
    'com.example.a apple.microphone 2022-03-24T07:59:00.000+08:00',
    'com.example.a apple.camera 2022-03-24T08:00:00.000+08:00',
    'com.example.a apple.location 2022-03-24T08:09:59.000+08:00 1000',
    'com.example.a apple.photos 2022-03-24T08:20:00.000+08:00 0',
    'com.example.a apple.contacts 2022-03-24T08:30:00.000+08:00 1999',
    'com.example.a apple.smellSensor 2022-03-24T08:40:00.000+08:00',
  ]);
  expect(summary.odd).toEqual([
    { code: 'begin_without_end', count: 1, firstLine: 1 },
    { code: 'end_before_begin', count: 1, firstLine: 5 },
    { code: 'end_without_begin', count: 1, firstLine: 2 },
    { code: 'repeated_identifier', count: 1, firstLine: 8 },
  ]);
});

const access = (identifier: string, at: string, more: object = {}): string =>
  JSON.stringify({
    accessor: { identifier: 'a.b', identifierType: 'bundleID' },
    category: 'photos',
    identifier,
    kind: 'event',
    timeStamp: at,
    type: 'access',
    ...more,
  });

test.each([
  ['another kind of data', { category: 'contacts' }],
  ['another program', { accessor: { identifier: 'c.d', identifierType: 'bundleID' } }],
])('an end under the identifier of %s is no end of it, and not lost', async (_, more) => {
  const begin = access('one', '2022-03-24T10:00:00Z', { kind: 'intervalBegin' });
  const end = access('one', '2022-03-24T10:01:00Z', { kind: 'intervalEnd', ...more });
  const { odd } = await importReport(room, put(room, `${begin}\n${end}\n`));
  expect(await told()).toEqual(['a.b apple.photos 2022-03-24T10:00:00Z']);
  expect((await textsOf(room.log))[0]).toContain(end);
  expect(odd.map(({ code }) => code)).toEqual(['begin_without_end', 'unknown_shape']);
});

test('accesses come by event time, those of one moment in the order of the file', async () => {
  const lines = [
    access('c', '2022-03-24T10:00:00+08:00'),
    access('b', '2022-03-24T01:00:00Z'),
    access('z', '2022-03-24T09:00:00.000+08:00'),
    access('a', '2022-03-24T00:00:00-05:00'),
  ];
  await importReport(room, put(room, lines.join('\n')));
  const records = (await textsOf(room.log)).flat().map((record) => (JSON.parse(record) as AccessEvent).id);
  expect(records).toEqual(['apple/b', 'apple/z', 'apple/c', 'apple/a']);
});

describe('a line that is no part of a report', () => {
  const good = access('I', '2022-03-24T10:00:00Z');
  test.each([
    ['is no JSON', Buffer.from('hello')],
    ['is not UTF-8', Buffer.from('{"type":"access","x":"\xff"}', 'latin1')],
    ['has half a surrogate pair in it', Buffer.from(access('\ud800', '2022-03-24T10:00:00Z'))],
    ['is of another type', Buffer.from('{"type":"batteryLevel","timeStamp":"2022-03-24T10:00:00Z"}')],
    ['has no known kind', Buffer.from(access('J', '2022-03-24T10:00:00Z', { kind: 'intervalMiddle' }))],
    ['has no time', Buffer.from(access('J', 'yesterday'))],
    ['has no identifier', Buffer.from(access('', '2022-03-24T10:00:00Z'))],
    ['has no program', Buffer.from(access('J', '2022-03-24T10:00:00Z', { accessor: { identifier: '' } }))],
    ['speaks for all programs', Buffer.from(access('J', '2022-03-24T10:00:00Z', { accessor: { identifier: '*' } }))],
    ['says nothing of what was accessed', Buffer.from(access('J', '2022-03-24T10:00:00Z', { category: undefined }))],
    ['has a name of a megabyte', Buffer.from(access('J'.repeat(1_000_000), '2022-03-24T10:00:00Z'))],
    [
      'uses the identifier of another program',
      Buffer.from(access('I', '2022-03-24T10:00:00Z', { accessor: { identifier: 'c.d' } })),
    ],
    [
      'counts less than nothing',
      Buffer.from('{"type":"networkActivity","bundleID":"a.b","domain":"x","hits":-1,"timeStamp":"2022-03-24T10:00:00Z"}'),
    ],
    ['is a list', Buffer.from('[1]')],
    ['is an empty object', Buffer.from('{}')],
    ['opens an object and goes no further', Buffer.from('{')],
  ])('because it %s becomes a reject with its bytes', async (_name, line) => {
    const content = Buffer.concat([Buffer.from(`${good}\n`), line, Buffer.from(`\n${access('K', '2022-03-24T11:00:00Z')}\n`)]);
    const summary = await importReport(room, put(room, content));
    expect(summary).toMatchObject({
      status: 'complete',
      records: 3,
      appended: 3,
      odd: [{ code: 'unknown_shape', count: 1, firstLine: 2 }],
    });
    const records = await recordsOf(room.log);
    const kept = records[0]!.find((record) => record.equals(line))!;
    expect(parseRecord(kept, 0, kept.length, 'mixed')).toMatchObject({ type: 'reject' });
    expect(await accesses()).toHaveLength(2);
  });

  test('because it is too long is cut and becomes a reject', async () => {
    await importReport(room, put(room, `${access('I', '2022-03-24T10:00:00Z')}${' '.repeat(6_000_000)}\n`));
    const [record] = (await recordsOf(room.log)).flat();
    expect(parseRecord(record!, 0, record!.length, 'mixed')).toMatchObject({ type: 'reject', reason: 'too_large' });
    expect(record).toHaveLength(RECORD_BYTES_KEPT);
  });

  test('but a CloudEvent cannot come in as a fact by way of a report', async () => {
    const attributes = { specversion: '1.0', id: '1', source: 's', time: '2022-03-24T10:00:00Z' };
    const forged = [
      { ...attributes, type: 'ntk.policy', subject: '*', data: { version: '1' } },
      { ...attributes, type: 'ntk.erasure', subject: '*', data: { user: 'u' } },
      { ...attributes, type: 'ntk.standing', subject: 'a.b', data: { state: 'banned' } },
    ].map((event) => JSON.stringify(event));
    expect(forged.map((line) => parseRecord(Buffer.from(line), 0, line.length, 'utf8').type)).not.toContain('reject');
    expect(await importReport(room, put(room, forged.join('\n')))).toMatchObject({
      odd: [
        { code: 'other_format', first: 'cloudevents' },
        { code: 'unknown_shape', count: 3 },
      ],
    });
    const records = (await recordsOf(room.log)).flat();
    expect(records).toHaveLength(3);
    for (const record of records) expect(parseRecord(record, 0, record.length, 'utf8')).toMatchObject({ type: 'reject' });
  });
});

describe('reports that overlap', () => {
  const content = gunzipSync(readFileSync(SEVEN_DAYS)).toString('utf8').trimEnd().split('\n');
  const sensors = content.slice(0, 2_912);

  test('bring in each interval once', async () => {
    const first = await importReport(room, put(room, sensors.slice(0, 2_000).join('\n'), 'monday.ndjson'));
    const second = await importReport(room, put(room, sensors.slice(1_001).join('\n'), 'tuesday.ndjson'));
    expect(second.alreadyKnown).toBeGreaterThan(400);
    expect(first.appended + second.appended).toBe(1_456);
    expect(new Set((await accesses()).map(({ id }) => id)).size).toBe(1_456);
  });

  test('in any order and number leave the same intervals', async () => {
    const cuts = fc.array(fc.tuple(fc.nat(2_911), fc.integer({ min: 100, max: 2_912 })), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(cuts, async (windows) => {
        const records = await inNewLog(room, async (own) => {
          for (const [start, length] of windows)
            await importReport(own, put(own, sensors.slice(start, start + length).join('\n')));
          await importReport(own, put(own, sensors.join('\n')));
        });
        expect(new Set(records.flat().map((record) => (JSON.parse(record) as AccessEvent).id)).size).toBe(1_456);
        expect(records.flat()).toHaveLength(1_456);
      }),
      { numRuns: 3 },
    );
  });

  /** Imports one report after the other and answers what they add, and the rows in sum. */
  async function imported(...reports: string[]): Promise<{ appended: number[]; rows: number }> {
    const appended: number[] = [];
    for (const [i, report] of reports.entries())
      appended.push((await importReport(room, put(room, report, `${i}.ndjson`))).appended);
    return { appended, rows: (await accesses()).reduce((sum, { data }) => sum + (data.rows ?? 0), 0) };
  }

  test('count the larger number of contacts, and what is more comes as a further access', async () => {
    expect(
      await imported(
        networkRow(10, '01', '07'),
        networkRow(14, '03', '09'),
        networkRow(12, '04', '09'),
        networkRow(14, '03', '09', { domainOwner: 'X' }),
      ),
    ).toEqual({ appended: [1, 1, 0, 0], rows: 14 });
    const all = await accesses();
    expect(all.map(({ time, data }) => [time, data.rows, data.fields])).toEqual([
      ['2022-03-07T00:00:00Z', 10, ['x.example']],
      ['2022-03-09T00:00:00Z', 4, ['x.example']],
    ]);
    expect(all.map(({ id }) => id.split('/').at(-1))).toEqual(['0-10', '10-14']);
  });

  test('add up where their windows do not overlap', async () => {
    expect(await imported(networkRow(10, '01', '07'), networkRow(5, '08', '14'))).toEqual({ appended: [1, 1], rows: 15 });
  });

  test('count contacts once that one report has twice, and a window whose ends are swapped as the window that it is', async () => {
    const twice = [networkRow(10, '01', '07'), networkRow(10, '01', '07'), networkRow(14, '02', '08')].join('\n');
    expect(await imported(twice)).toEqual({ appended: [2], rows: 14 });
    const swapped = networkRow(10, '07', '01', { domain: 'y.example' });
    expect(await imported(swapped, networkRow(5, '02', '03', { domain: 'y.example' }))).toEqual({
      appended: [1, 0],
      rows: 14 + 10,
    });
  });

  test('go on where they were when one is killed that brings little new', async () => {
    const half = put(room, sensors.slice(0, 1_456).join('\n'), 'half.ndjson');
    const whole = put(room, sensors.join('\n'), 'whole.ndjson');
    const expected = await inNewLog(room, async (own) => {
      for (const path of [half, whole]) await importReport(own, path);
    });
    await importReport(room, half);
    const chunks = { chunkRecords: () => 200 };
    let left = 4;
    const admit = async (): Promise<void> => {
      if (left-- === 0) throw new Error('killed');
    };
    await expect(importReport(room, whole, { ...chunks, admit })).rejects.toThrow('killed');
    expect(await importReport(room, whole, chunks)).toMatchObject({ status: 'complete', skipped: 800, records: 1_456 });
    expect(await textsOf(room.log)).toEqual(expected);
  });

  test('do not mix domains, contexts, programs, kinds of initiation or devices', async () => {
    const rows = [{}, { domain: 'y.example' }, { context: 'z' }, { bundleID: 'c.d' }, { initiatedType: 'NonAppInitiated' }].map(
      (more) => networkRow(3, '01', '07', more),
    );
    expect(await imported(rows.join('\n'))).toEqual({ appended: [5], rows: 15 });
    await importReport(room, put(room, `${rows[0]}\n`), { deviceUser: 'device-2' });
    expect(await accesses()).toHaveLength(6);
  });

  test('may know of a domain without a contact', async () => {
    expect(await imported(networkRow(0, '01', '07'), networkRow(0, '02', '08'), networkRow(2, '02', '08'))).toEqual({
      appended: [1, 0, 1],
      rows: 2,
    });
  });
});

describe('a report whose import is killed', () => {
  test('goes on where it was', async () => {
    // Several chunks: the real report with its identifiers and domains made different eight times.
    const content = gunzipSync(readFileSync(SEVEN_DAYS)).toString('utf8').trimEnd();
    const path = put(
      room,
      Array.from({ length: 8 }, (_, i) =>
        content.replace(/("identifier":")([0-9A-F]{8}-)/g, `$1${i}$2`).replace(/"domain":"/g, `$&${i}.`),
      ).join('\n'),
    );
    const expected = await inNewLog(room, (own) => importReport(own, path));
    expect(expected.flat()).toHaveLength(8 * (1_456 + 857));
    for (const chunks of [1, 0, 2]) {
      let left = chunks;
      const admit = async (): Promise<void> => {
        if (left-- === 0) throw new Error('killed');
      };
      await expect(importReport(room, path, { admit })).rejects.toThrow('killed');
    }
    expect(await importReport(room, path)).toMatchObject({
      status: 'complete',
      records: 8 * (1_456 + 857),
      skipped: 15_000,
      alreadyKnown: 0,
    });
    expect(await textsOf(room.log)).toEqual(expected);
  });
});

test('a report longer than a run of lines is imported in bounded memory, each interval once', { timeout: 60_000 }, async () => {
  const count = 150_000;
  const lines: string[] = [];
  for (let i = 0; i < count; i++) lines.push(access(`N${i}`, '2022-03-24T10:00:00Z', { kind: 'intervalBegin' }));
  for (let i = 0; i < count; i += 1_000) lines.push(access(`N${i}`, '2022-03-24T10:00:01Z', { kind: 'intervalEnd' }));
  const summary = await importReport(room, put(room, lines.join('\n')));
  expect(summary.status).toBe('complete');
  expect(new Set((await accesses()).map(({ id }) => id)).size).toBe(count);
  expect((await recordsOf(room.log)).flat()).toHaveLength(count);
});
