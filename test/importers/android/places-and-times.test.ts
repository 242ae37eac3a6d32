/** Whose an access of a dump is, when it was, and whether it is another one than the one before. */
import { describe, expect, test } from 'vitest';
import type { ImportOptions, ImportSummary } from '../../../services/importers/import-file.ts';
import { importPath, put, textsOf, useRoom } from '../imported.ts';

const room = useRoom();

interface AccessEvent {
  readonly id: string;
  readonly subject: string;
  readonly time: string;
  readonly data: { readonly user: string; readonly api: string; readonly page?: string; readonly outcome: string };
}

let files = 0;
const importLines = (lines: readonly string[], options: Partial<ImportOptions> = {}): Promise<ImportSummary> =>
  importPath(room, put(room, `${lines.join('\n')}\n`, `dump-${files++}.txt`), { format: 'android-appops', ...options });

async function records(): Promise<{ accesses: AccessEvent[]; unread: string[] }> {
  const texts = (await textsOf(room.log)).flat();
  const isEvent = (text: string): boolean => text.startsWith('{"specversion"');
  return {
    accesses: texts.filter(isEvent).map((text) => JSON.parse(text) as AccessEvent),
    unread: texts.filter((text) => !isEvent(text)).toSorted(),
  };
}

const timesOf = async (): Promise<string[]> => (await records()).accesses.map(({ time }) => time).toSorted();

const BEGIN = 'Current AppOps Service state:';
const UID = '  Uid u0a1:';
const PACKAGE = '    Package com.example.one:';
const CAMERA = '      CAMERA (allow):';
const ACCESS = '          Access: [top-s] 2026-05-04 10:00:00.000 (-1h0m0s0ms)';

describe('an access is nobody’s, and kept as it stands,', () => {
  test.each([
    ['behind another uid that has named no program yet', [UID, PACKAGE, CAMERA, '  Uid u0a2:', CAMERA, ACCESS]],
    ['behind another program of which no op was named', [UID, PACKAGE, CAMERA, '    Package com.example.two:', ACCESS]],
    ['where another dump begins', [UID, PACKAGE, CAMERA, BEGIN, ACCESS]],
  ])('%s', async (_, lines) => {
    await importLines([BEGIN, ...lines]);
    const { accesses, unread } = await records();
    expect([accesses, unread.at(0)]).toEqual([[], ACCESS]);
  });

  test.each([
    ['has an age that is none', 'Access: [top-s] 2026-05-04 10:00:00.000 (lately)', 'Z'],
    ['has a duration that is none', 'Access: [top-s] 2026-05-04 10:00:00.000 (-1h0m0s0ms) duration=long', 'Z'],
    ['is before all times at the offset that it is read with', 'Access: [top-s] 1970-01-01 00:00:00.000 (-1h0m0s0ms)', '+08:00'],
  ])('when it %s', async (_, line, utcOffset) => {
    const { odd } = await importLines([BEGIN, UID, PACKAGE, CAMERA, line], { utcOffset });
    expect(await records()).toEqual({ accesses: [], unread: [line] });
    expect(odd.map(({ code }) => code)).toEqual(['unknown_shape']);
  });
});

test('a part of a program is one of its op, and of no other op', async () => {
  await importLines([
    BEGIN,
    UID,
    PACKAGE,
    CAMERA,
    '        tracking=[',
    ACCESS,
    '        ]',
    '      RECORD_AUDIO (allow):',
    ACCESS,
  ]);
  const { accesses } = await records();
  expect(new Map(accesses.map(({ data: { api, page } }) => [api, page]))).toEqual(
    new Map([
      ['android.camera', 'tracking'],
      ['android.record_audio', undefined],
    ]),
  );
});

test('accesses of one moment that differ in anything are as many accesses', async () => {
  const other = ACCESS.replace('[top-s]', '[bg-s]');
  const refused = ACCESS.replace('Access', 'Reject');
  const of = (uid: string, name: string): string[] => [
    uid,
    `    Package ${name}:`,
    CAMERA,
    '        null=[',
    ACCESS,
    '        ]',
  ];
  const { appended } = await importLines([
    BEGIN,
    ...of(UID, 'com.example.one'),
    '        tracking=[',
    ACCESS,
    other,
    refused,
    '        ]',
    '      RECORD_AUDIO (allow):',
    ACCESS,
    ...of('  Uid u0a2:', 'com.example.two'),
    ...of('  Uid u10a1:', 'com.example.one'),
  ]);
  const { accesses } = await records();
  expect([appended, new Set(accesses.map(({ id }) => id)).size]).toEqual([7, 7]);
});

describe('where time and age do not agree with the dump', () => {
  const at = (time: string, age: string): string => `          Access: [top-s] ${time} (${age})`;
  const dumpOf = (...accesses: string[]): string[] => [
    BEGIN,
    UID,
    PACKAGE,
    ...accesses.flatMap((line, i) => [`      OP_${i} (allow):`, line]),
  ];

  test('by a change of the offset from UTC, the age holds; by more than there can be, the time', async () => {
    const { odd } = await importLines(
      dumpOf(
        at('2026-05-04 10:00:00.000', '-1h0m0s0ms'),
        at('2026-05-04 09:00:00.000', '-2h0m0s0ms'),
        // An hour off, 30 hours off, seven minutes off.
        at('2026-05-04 07:00:00.000', '-3h0m0s0ms'),
        at('2026-05-02 00:00:00.000', '-29h0m0s0ms'),
        at('2026-05-04 05:53:00.000', '-5h0m0s0ms'),
      ),
    );
    expect(await timesOf()).toEqual([
      '2026-05-02T00:00:00.000Z',
      '2026-05-04T05:53:00.000Z',
      '2026-05-04T08:00:00.000Z',
      '2026-05-04T09:00:00.000Z',
      '2026-05-04T10:00:00.000Z',
    ]);
    expect(odd.map(({ code, count }) => [code, count])).toEqual([
      ['age_differs', 2],
      ['other_utc_offset', 1],
    ]);
  });

  test('of equally many the latest say when the dump was', async () => {
    await importLines(dumpOf(at('2026-05-04 09:00:00.000', '-2h0m0s0ms'), at('2026-05-04 10:00:00.000', '-2h0m0s0ms')));
    expect(await timesOf()).toEqual(['2026-05-04T10:00:00.000Z', '2026-05-04T10:00:00.000Z']);
  });

  test('an access is the same one in a dump from before the change and in one from behind it', async () => {
    await importLines(dumpOf(at('2026-05-04 10:00:00.000', '-1h0m0s0ms')));
    const again = await importLines(
      dumpOf(
        at('2026-05-04 10:00:00.000', '-2h0m0s0ms'),
        at('2026-05-04 12:30:00.000', '-30m0s0ms'),
        at('2026-05-04 12:45:00.000', '-15m0s0ms'),
      ),
    );
    expect(again).toMatchObject({ appended: 2, alreadyKnown: 1 });
  });
});
