import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { partitionOf } from '../../../services/domain/partitioning/murmur2.ts';
import { parseRecord } from '../../../services/domain/record/parse.ts';
import { durationMs, readAppOpsLine } from '../../../services/importers/android/appops-line.ts';
import type { ImportOptions, ImportSummary } from '../../../services/importers/import-file.ts';
import { FIXTURES, importPath, inNewLog, put, type Room, recordsOf, textsOf, useRoom } from '../imported.ts';

const room = useRoom();
/** Made like a dump of Android 14 and one of Android 10, taken on 2026-05-04 at 18:30:01.737 of the device's time. */
const NEW = join(FIXTURES, 'android/appops-14.txt');
const OLD = join(FIXTURES, 'android/appops-10.txt');

interface AccessEvent {
  readonly id: string;
  readonly source: string;
  readonly subject: string;
  readonly time: string;
  readonly data: {
    readonly user: string;
    readonly api: string;
    readonly category?: string;
    readonly page?: string;
    readonly foreground: boolean;
    readonly outcome: string;
    readonly durationMs?: number;
  };
}

const importDump = (
  into: Pick<Room, 'folder' | 'log'>,
  path: string,
  options: Partial<ImportOptions> = {},
): Promise<ImportSummary> => importPath(into, path, { format: 'android-appops', ...options });

/** Records that are accesses, by event time. */
function accessesOf(texts: readonly string[]): AccessEvent[] {
  const events = texts.filter((text) => text.startsWith('{"specversion"')).map((text) => JSON.parse(text) as AccessEvent);
  return events.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.id < b.id ? -1 : 1));
}

async function told(): Promise<string[]> {
  return accessesOf((await textsOf(room.log)).flat()).map(({ subject, time, data }) =>
    [time, subject, data.api, data.category, data.page, data.foreground ? '' : 'off screen', data.outcome, data.durationMs]
      .filter((part) => part !== undefined && part !== '')
      .join(' '),
  );
}

describe('a dump', () => {
  test('gives the last access of each kind, with its time, duration, screen and outcome', async () => {
    expect(await importDump(room, NEW, { utcOffset: '+08:00' })).toMatchObject({ status: 'complete', records: 12, appended: 12 });
    expect(await told()).toEqual([
      '2026-03-20T18:30:01.737+08:00 com.example.runner android.fine_location location tracking off screen performed',
      '2026-04-26T17:48:37.879+08:00 com.whatsapp android.read_contacts contacts performed 2',
      '2026-05-02T18:30:01.737+08:00 com.whatsapp android.read_contacts contacts performed',
      '2026-05-03T15:30:01.737+08:00 com.example.runner android.miuiop(10008) performed',
      '2026-05-03T16:30:01.737+08:00 com.example.runner android.read_media_images photos refused',
      '2026-05-03T18:30:01.737+08:00 com.example.runner android.fine_location location performed',
      '2026-05-04T16:26:06.391+08:00 com.whatsapp android.record_audio microphone off screen refused',
      '2026-05-04T16:30:01.737+08:00 com.whatsapp android.read_contacts contacts off screen performed 14',
      '2026-05-04T17:59:01.737+08:00 com.whatsapp android.camera camera performed 63020',
      '2026-05-04T18:00:01.737+08:00 com.whatsapp android.record_audio microphone performed 42318',
      '2026-05-04T18:18:01.730+08:00 android android.read_phone_state device_info performed',
      '2026-05-04T18:25:01.734+08:00 com.example.runner android.fine_location location tracking performed 298001',
    ]);
    for (const [partition, records] of (await recordsOf(room.log)).entries()) {
      for (const record of records) {
        expect(parseRecord(record, 0, record.length, 'utf8')).toMatchObject({ type: 'ntk.access' });
        expect(partitionOf((JSON.parse(record.toString('utf8')) as AccessEvent).subject, 4)).toBe(partition);
      }
    }
  });

  test('says what it left out and what was strange', async () => {
    const { odd } = await importDump(room, NEW);
    expect(odd).toEqual([
      { code: 'other_utc_offset', count: 1, firstLine: 58 },
      { code: 'skipped_line', count: 13, firstLine: 2 },
      { code: 'still_running', count: 1, firstLine: 45, first: 'CAMERA' },
      { code: 'without_personal_data', count: 2, firstLine: 19, first: 'WAKE_LOCK' },
    ]);
  });

  test('is read as UTC unless told otherwise, and tells persons who share the device apart', async () => {
    await importDump(room, NEW, { deviceUser: 'phone' });
    const events = accessesOf((await textsOf(room.log)).flat());
    expect(events[0]!.time).toBe('2026-03-20T18:30:01.737Z');
    expect(new Set(events.map(({ data }) => data.user))).toEqual(new Set(['phone', 'phone/u10']));
  });

  test('of an older Android has no attributions, and states in two ways', async () => {
    const { odd } = await importDump(room, OLD);
    expect(await told()).toEqual([
      '2026-05-04T16:50:01.737Z com.example.weather android.coarse_location location_coarse off screen refused',
      '2026-05-04T17:00:01.737Z com.example.weather android.coarse_location location_coarse performed 31',
      '2026-05-04T18:23:01.737Z com.example.weather android.read_clipboard clipboard performed',
    ]);
    expect(odd).toEqual([{ code: 'unknown_shape', count: 2, firstLine: 11 }]);
    expect((await textsOf(room.log))[0]).toEqual(
      expect.arrayContaining(['      READ_SMS: mode=0; time=+3d20h10m4s1ms ago', '        Access: [??] yesterday']),
    );
  });

  test('imported twice, or overlapping with a later one, gives each access once', async () => {
    await importDump(room, NEW);
    expect(await importDump(room, NEW)).toMatchObject({ status: 'already_complete' });
    // Ten minutes later: the same lines, older by ten minutes, and one access that is new.
    const later = readFileSync(NEW, 'utf8')
      .replaceAll(/\((-[^)]+)\)( |$)/gm, (_, age: string, end: string) => `(${ageText(-durationMs(age) + 600_000)})${end}`)
      .replace('Access: [top-s] 2026-05-02 18:30:01.737 (-2d0h10m0s0ms)', 'Access: [top-s] 2026-05-04 18:39:01.737 (-1m0s0ms)');
    const again = await importDump(room, put(room, later, 'later.txt'));
    expect(again).toMatchObject({ status: 'complete', records: 12, appended: 1, alreadyKnown: 11 });
    expect((await told()).at(-1)).toBe('2026-05-04T18:39:01.737Z com.whatsapp android.read_contacts contacts performed');
  });

  test('in a file that is none is said to be missing', async () => {
    const { records, odd } = await importDump(room, put(room, 'hello\nworld\n'));
    expect(records).toBe(0);
    expect(odd.map(({ code }) => code)).toEqual(['no_appops', 'skipped_line']);
  });

  test('cannot bring in a CloudEvent', async () => {
    const event =
      '{"specversion":"1.0","id":"x","source":"s","type":"ntk.standing","subject":"p","time":"2026-01-01T00:00:00Z","data":{"state":"active"}}';
    const text = `Uid 1000:\n    Package p:\n      CAMERA (allow):\n        ${event}\n        Access: ${event}\n${event}\n`;
    await importDump(room, put(room, text));
    const records = (await recordsOf(room.log)).flat();
    expect(records).toHaveLength(2);
    for (const bytes of records) expect(parseRecord(bytes, 0, bytes.length, 'mixed').type).toBe('reject');
  });
});

/** As Android writes it. */
function ageText(ms: number): string {
  const units: readonly (readonly [number, string])[] = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'm'],
    [1000, 's'],
  ];
  let text = '-';
  let rest = ms;
  for (const [unit, name] of units) {
    const count = Math.floor(rest / unit);
    if (count > 0 || text !== '-') text += `${count}${name}`;
    rest -= count * unit;
  }
  return `${text}${rest}ms`;
}

describe('a dump that comes again with another offset from UTC', () => {
  test('says at which its times were read, and changes nothing', async () => {
    expect(await importDump(room, NEW)).not.toHaveProperty('otherUtcOffset');
    const before = await textsOf(room.log);
    expect(await importDump(room, NEW, { utcOffset: '+08:00' })).toMatchObject({
      status: 'already_complete',
      otherUtcOffset: 'Z',
    });
    expect(await importDump(room, NEW, { utcOffset: 'Z' })).not.toHaveProperty('otherUtcOffset');
    expect(await textsOf(room.log)).toEqual(before);
  });

  test('is read to its end at the offset that it was begun with', async () => {
    const expected = await inNewLog(room, (own) => importDump(own, NEW, { utcOffset: '+08:00' }));
    const stop = new AbortController();
    const chunks = { chunkRecords: () => 5 };
    await importDump(room, NEW, { ...chunks, utcOffset: '+08:00', signal: stop.signal, onProgress: () => stop.abort() });
    expect(await importDump(room, NEW, chunks)).toMatchObject({ status: 'complete', skipped: 5, otherUtcOffset: '+08:00' });
    expect(await textsOf(room.log)).toEqual(expected);
  });
});

test('a duration is read as it was written', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 * 86_400_000 }), (ms) => {
      expect(durationMs(ageText(ms))).toBe(-ms);
    }),
  );
  expect(['0', '+2ms', '+1h0m0s0ms', '5m', '', '-', '+', '1x', '1ms2s', '1s 2ms'].map(durationMs)).toEqual([
    0,
    2,
    3_600_000,
    300_000,
    ...new Array<number>(6).fill(Number.NaN),
  ]);
});

/** 2026-05-04T18:30:01.737Z */
const DUMPED_MS = 1_777_919_401_737;

const access = fc
  .record({
    word: fc.constantFrom('Access', 'Reject'),
    state: fc.constantFrom('top', 'fgsvc', 'fg', 'bg', 'cch', 'pers', 'odd'),
    flag: fc.constantFrom('s', 'tp', 'tpd'),
    ageMs: fc.integer({ min: 0, max: 86_400_000 * 30 }),
    duration: fc.constantFrom('', ' duration=+2ms', ' duration=+1h2s'),
  })
  .map(({ word, state, flag, ageMs, duration }) => {
    const time = new Date(DUMPED_MS - ageMs).toISOString().slice(0, -1).replace('T', ' ');
    return `          ${word}: [${state}-${flag}]${word === 'Access' ? ' ' : ''}${time} (${ageMs === 0 ? '0' : ageText(ageMs)})${duration}`;
  });
const other = fc.oneof(
  fc.string({ maxLength: 40 }).map((text) => text.replaceAll(/[\r\n]/g, ' ')),
  fc.constantFrom(
    '  Uid u0a1:',
    '  Uid u10s99:',
    '    Package a.b:',
    '      CAMERA (allow): ',
    '        null=[',
    '        ]',
    '    state=top',
    '  Other:',
  ),
  fc.constantFrom(
    '        Access: [top-s] 2026-02-31 00:00:00.000 (-1d)',
    '   Access: ',
    'Reject: x',
    '      Access: (allow):',
    ' Access:=[',
  ),
);

describe('whatever a file holds', () => {
  test('every line that says an access becomes one record or another, whatever else is around it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(access, other), { minLength: 1, maxLength: 40 }), async (lines) => {
        const said = lines.filter((line) => /Access:|Reject:/.test(line));
        const found: ImportSummary[] = [];
        const text = `Current AppOps Service state:\n  Uid u0a1:\n    Package a.b:\n      CAMERA (allow): \n${lines.join('\n')}`;
        const records = await inNewLog(room, async (into) => {
          found.push(await importDump(into, put(room, text)));
        });
        const all = records.flat();
        const [{ records: counted, alreadyKnown, odd } = { records: 0, alreadyKnown: 0, odd: [] }] = found;
        expect(all.length + alreadyKnown).toBe(counted);
        const rejected = odd.find(({ code }) => code === 'unknown_shape')?.count ?? 0;
        const accesses = accessesOf(all).length + alreadyKnown;
        // Lines of both words count once; other lines below a program are rejected, too.
        expect(accesses + rejected).toBe(counted);
        expect(counted).toBeGreaterThanOrEqual(said.length);
        for (const line of said)
          if (readAppOpsLine(line).kind !== 'used') expect(all.some((one) => one.endsWith(line))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('an access stands at the dump’s time less its age, on screen unless the state says otherwise', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(access, { minLength: 3, maxLength: 12 }), async (lines) => {
        const text = ['Uid u0a1:', 'Package a.b:', 'CAMERA (allow):', ...lines].join('\n');
        const records = await inNewLog(room, (into) => importDump(into, put(room, text)));
        for (const { time, data } of accessesOf(records.flat())) {
          const line = lines.find((one) => one.includes(time.slice(0, -1).replace('T', ' ')))!;
          expect(line).toBeDefined();
          expect(['performed', 'refused']).toContain(data.outcome);
        }
        const offScreen = accessesOf(records.flat()).filter(({ data }) => !data.foreground).length;
        const distinct = new Set(lines.map((line) => line.replace(/ duration=.*$/, '')));
        expect(offScreen).toBe([...distinct].filter((line) => /\[(?:bg|cch)-/.test(line)).length);
      }),
      { numRuns: 40 },
    );
  });

  test('no bytes stop the import', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 20 }), async (chunks) => {
        const bytes = Buffer.concat(
          chunks.flatMap((chunk) => [Buffer.from(chunk), Buffer.from('\n    Package x:\n  Uid 1000:\n')]),
        );
        await inNewLog(room, (into) => importDump(into, put(room, bytes)));
      }),
      { numRuns: 30 },
    );
  });
});
