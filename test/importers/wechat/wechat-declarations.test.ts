import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { declarationSchema } from '../../../schemas/events/declaration.ts';
import { WECHAT_PRIVACY_KEYS } from '../../../schemas/catalogue/index.ts';
import { partitionOf } from '../../../services/domain/partitioning/murmur2.ts';
import { parseRecord } from '../../../services/domain/record/parse.ts';
import { readPrivacyKey } from '../../../services/importers/wechat/privacy-key.ts';
import type { ImportSummary } from '../../../services/importers/import-file.ts';
import { FIXTURES, importPath, inNewLog, put, type Room, recordsOf, textsOf, useRoom } from '../imported.ts';

const room = useRoom();
const ANSWERS = join(FIXTURES, 'wechat/answers.ndjson');
/** Real mini-programs; it lies beside the checkout where the design pages do. */
const PROGRAMS = join(import.meta.dirname, '../../../../shared/data/wechat/programs.ndjson');

interface Fact {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly data: {
    readonly version: number;
    readonly developer?: string;
    readonly purposes: readonly { id: string; text?: string; categories: readonly { category: string; background: boolean }[] }[];
    readonly detected?: readonly string[];
  };
}

const importManifests = (into: Pick<Room, 'folder' | 'log'>, path: string): Promise<ImportSummary> =>
  importPath(into, path, { format: 'wechat-declarations' });

/** What was declared, by program. */
async function facts(): Promise<Map<string, Fact>> {
  const texts = (await textsOf(room.log)).flat().filter((text) => text.startsWith('{"specversion"'));
  const all = texts.map((text) => JSON.parse(text) as Fact);
  return new Map(all.reverse().map((fact) => [fact.subject, fact]));
}

test('the answer to getprivacysetting becomes a declaration with its purposes and what was detected', async () => {
  expect(await importManifests(room, ANSWERS)).toMatchObject({ status: 'complete', records: 10, appended: 10 });
  expect((await facts()).get('wx000000000000a001')).toMatchObject({
    source: 'host/wechat',
    type: 'ntk.declaration',
    time: '2021-08-03T14:13:20.000Z',
    data: {
      version: 1_628_000_000,
      developer: 'dev_1042',
      name: 'Nearby Coffee',
      class: 'food-delivery',
      purposes: [
        {
          id: 'Location',
          text: '展示附近的门店',
          categories: [
            { category: 'location', background: false },
            { category: 'location_coarse', background: false },
          ],
        },
      ],
      detected: ['location', 'clipboard'],
    },
  });
});

test('typos and white space of the wild are mended, and what is unknown is declared under its own name', async () => {
  const { odd } = await importManifests(room, ANSWERS);
  const { data } = (await facts()).get('wx000000000000a002')!;
  expect(data.purposes.map(({ id, categories }) => [id, categories[0]!.category])).toEqual([
    ['LicensePlate', 'license_plate'],
    ['EXUserPublishContent', 'published_content'],
    ['EXFaceShape', 'EXFaceShape'],
  ]);
  expect(data.detected).toEqual(['license_plate', 'published_content']);
  expect(odd).toContainEqual({ code: 'repaired_privacy_key', count: 4, firstLine: 2, first: 'LicensePlate\t' });
  expect(odd).toContainEqual({ code: 'unknown_privacy_key', count: 1, firstLine: 2, first: 'EXFaceShape' });
});

test('an answer without code says nothing about what was detected, and one without a time counts as version 1', async () => {
  const { odd } = await importManifests(room, ANSWERS);
  const { time, data } = (await facts()).get('wx000000000000a003')!;
  expect([time, data]).toEqual(['1970-01-01T00:00:00Z', { version: 1, purposes: [] }]);
  expect(odd).toContainEqual({ code: 'no_version', count: 1, firstLine: 3 });
});

test('what the platform would not answer is no manifest, whatever else its line says', async () => {
  const appJson = { requiredPrivateInfos: ['getLocation'] };
  const line = JSON.stringify({ appid: 'wx1', getprivacysetting: { errcode: 61_007, setting_list: [] }, appJson });
  await importManifests(room, put(room, line));
  expect((await textsOf(room.log)).flat()).toEqual([line]);
});

test.each([0, -1, 1.5, 2 ** 32, '7'])('a version that can be none (%j) gives way to the seconds of its time', async (version) => {
  const setting_list = [{ privacy_key: 'Location', privacy_text: '' }];
  const line = { appid: 'wx1', version, getprivacysetting: { setting_list, update_time: 1_628_000_000 } };
  await importManifests(room, put(room, JSON.stringify(line)));
  expect((await facts()).get('wx1')?.data.version).toBe(1_628_000_000);
});

test('an app.json declares by scope and by API, and the background of both', async () => {
  const { odd } = await importManifests(room, ANSWERS);
  const { time, data } = (await facts()).get('wx000000000000a004')!;
  expect([time, data.version]).toEqual(['2026-03-01T08:00:00+08:00', 7]);
  const entries = data.purposes.flatMap(({ id, text = '', categories }) =>
    categories.map(({ category, background }) => `${id} ${category}${background ? ' background' : ''} ${text}`.trim()),
  );
  expect(entries).toEqual([
    'scope.userLocation location background 记录跑步路线',
    'scope.userLocation location_coarse background 记录跑步路线',
    'scope.werun health 步数',
    'scope.mind scope.mind',
    'wx.getLocation location background',
    'wx.getFuzzyLocation location_coarse background',
    'wx.startLocationUpdateBackground location background',
    'wx.getEverything wx.getEverything',
  ]);
  const codes = odd.map(({ code }) => code);
  expect(codes).toEqual(expect.arrayContaining(['fuzzy_and_precise', 'unknown_scope', 'unread_member']));
});

test('calls in the code are detected by what the catalogue calls them, and folders tell programs of one repository apart', async () => {
  const { odd } = await importManifests(room, ANSWERS);
  const { data } = (await facts()).get('owner/many/a')!;
  expect(data).toMatchObject({ developer: 'owner', detected: ['phone_number', 'camera', 'microphone', 'photos'] });
  expect(odd).toContainEqual({ code: 'repeated_program', count: 1, firstLine: 10, first: 'owner/many/a' });
});

test('what is no manifest goes into the log as it is and is rejected there; a CloudEvent does not become a fact', async () => {
  const { odd } = await importManifests(room, ANSWERS);
  const lines = readFileSync(ANSWERS, 'utf8').split('\n');
  const texts = (await textsOf(room.log))[0]!;
  for (const n of [4, 5, 6]) expect(texts).toContain(lines[n]);
  expect(texts).toContain(`\ufeff${lines[7]}`);
  expect(odd).toContainEqual({ code: 'unknown_shape', count: 4, firstLine: 5 });
  const rejected = (await recordsOf(room.log))
    .flat()
    .filter((bytes) => parseRecord(bytes, 0, bytes.length, 'mixed').type === 'reject');
  expect(rejected).toHaveLength(4);
});

test('a manifest of which a longer declaration comes than the log takes is rejected as too large, and those around it are read', async () => {
  const permission = Object.fromEntries(Array.from({ length: 60_000 }, (_, i) => [`s${i}`, '']));
  const line = JSON.stringify({ appid: 'wxlarge', appJson: { permission } });
  expect(line.length).toBeLessThan(1_000_000);
  const around = ['wx1', 'wx2'].map((appid) => JSON.stringify({ appid, privacy_list: [] }));
  const summary = await importManifests(room, put(room, [around[0], line, around[1]].join('\n'), 'large.ndjson'));
  expect(summary).toMatchObject({ status: 'complete', records: 3, appended: 3 });
  const read = (await recordsOf(room.log)).flat().map((bytes) => parseRecord(bytes, 0, bytes.length, 'utf8'));
  const told = read.map((record) => (record.type === 'reject' ? record.reason : record.attributes.subject));
  expect(told.sort()).toEqual(['too_large', 'wx1', 'wx2']);
});

test('what is no name among the calls that were found is left out and said', async () => {
  const line = JSON.stringify({ appid: 'wx1', calledApis: ['getLocation', 5, null], thirdPartyDirApis: 'getLocation' });
  const { odd } = await importManifests(room, put(room, line, 'calls.ndjson'));
  expect((await facts()).get('wx1')!.data.detected).toEqual(['location']);
  expect(odd).toContainEqual({ code: 'unread_member', count: 3, firstLine: 1 });
});

test('importing the same manifests from another file gives the same ids', async () => {
  const idsOf = async (text: string): Promise<string[]> => {
    const texts = await inNewLog(room, (other) => importManifests(other, put(room, text, 'again.ndjson')));
    return texts.flat().flatMap((record) => (record.startsWith('{"specversion"') ? [(JSON.parse(record) as Fact).id] : []));
  };
  const text = readFileSync(ANSWERS, 'utf8');
  expect(await idsOf(`\n${text}`)).toEqual(await idsOf(text));
});

describe.skipIf(!existsSync(PROGRAMS))('the real programs', () => {
  test('are imported, every one, and each is a declaration that the scorer reads', async () => {
    const summary = await importManifests(room, PROGRAMS);
    expect(summary).toMatchObject({ status: 'complete', records: 93, appended: 93, odd: [] });
    const declared = await facts();
    expect(declared.size).toBe(93);
    for (const [partition, records] of (await recordsOf(room.log)).entries()) {
      for (const bytes of records) {
        expect(parseRecord(bytes, 0, bytes.length, 'mixed')).toMatchObject({ type: 'ntk.declaration' });
        expect(partitionOf((JSON.parse(bytes.toString('utf8')) as Fact).subject, 4)).toBe(partition);
      }
    }
    const newpashan = declared.get('1134122579/newpashan')!;
    expect(newpashan.data.purposes.every(({ categories }) => categories.every(({ background }) => background))).toBe(true);
    expect(newpashan.data.detected).toContain('location');
  });
});

describe('a privacy key', () => {
  test('is mended over white space, case and one letter of a long name, and over nothing else', () => {
    const read = (found: string): string => {
      const { key, isKnown, isRepaired } = readPrivacyKey(found);
      return `${key}${isKnown ? '' : ' unknown'}${isRepaired ? ' repaired' : ''}`;
    };
    expect(
      ['Album', ' Album\u00a0', 'album', 'Bluetooth', 'CalendarWriteOnl', 'Albums', 'Recorder', 'EXUser', ''].map(read),
    ).toEqual([
      'Album',
      'Album repaired',
      'Album repaired',
      'BlueTooth repaired',
      'CalendarWriteOnly repaired',
      'Albums unknown',
      'Recorder unknown',
      'EXUser unknown',
      ' unknown',
    ]);
  });

  test('is itself, whatever white space stands around it', () => {
    const white = fc.stringMatching(/^[ \t\r\n\u00a0\u200b\ufeff]{0,4}$/);
    fc.assert(
      fc.property(fc.constantFrom(...WECHAT_PRIVACY_KEYS.keys()), white, white, (key, before, after) => {
        expect(readPrivacyKey(`${before}${key}${after}`)).toEqual({ key, isKnown: true, isRepaired: before + after !== '' });
      }),
    );
  });
});

test('whatever the fields of a line hold, it is a declaration or is passed on, and none is lost', async () => {
  const field = fc.oneof(
    fc.json({ maxDepth: 2 }).map((text) => JSON.parse(text) as unknown),
    fc.constantFrom<unknown>([{ privacy_key: 'Album', privacy_text: 'x' }], ['Album', 7, ''], { 'scope.record': {} }, [
      'getLocation',
    ]),
  );
  const keys = ['setting_list', 'privacy_list', 'requiredPrivateInfos', 'permission', 'requiredBackgroundModes', 'calledApis'];
  const others = [
    'errcode',
    'code_exist',
    'update_time',
    'version',
    'time',
    'commitDate',
    'path',
    'getprivacysetting',
    'appJson',
  ];
  const shape = Object.fromEntries([...keys, ...others, 'thirdPartyDirApis', 'developer'].map((key) => [key, field]));
  const line = fc.record({ appid: fc.constantFrom('wx1', 'wx2', '*', ''), ...shape }, { requiredKeys: [] });
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 8 }), async (values) => {
      const text = values.map((value) => JSON.stringify(value)).join('\n');
      const records = await inNewLog(room, (other) => importManifests(other, put(room, text)));
      const all = records.flat();
      expect(all).toHaveLength(values.length);
      for (const record of all.filter((one) => one.startsWith('{"specversion"'))) {
        expect(declarationSchema.safeParse((JSON.parse(record) as Fact).data).success).toBe(true);
        const bytes = Buffer.from(record);
        expect(parseRecord(bytes, 0, bytes.length, 'mixed')).toMatchObject({ type: 'ntk.declaration' });
      }
    }),
    { numRuns: 60 },
  );
});
