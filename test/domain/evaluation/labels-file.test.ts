import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readLabels } from '../../../services/domain/evaluation/labels-file.ts';

const INCIDENT = {
  id: 'i1',
  program: 'wx1',
  kind: 'rate_burst',
  category: 'location',
  start: '2026-03-01T00:00:00Z',
  end: '2026-03-01T02:00:00+01:00',
};
const text = (...incidents: object[]): string => JSON.stringify({ seed: 1, programs: 500, days: 21, incidents }, null, 1);

test('what a score needs is read, with times in microseconds', () => {
  expect(readLabels(text({ ...INCIDENT, strength: 'weak', camouflaged: true, group: 'f1' }))).toEqual({
    ok: true,
    world: {
      programs: 500,
      days: 21,
      incidents: [
        {
          id: 'i1',
          program: 'wx1',
          kind: 'rate_burst',
          category: 'location',
          startUs: 1_772_323_200_000_000,
          endUs: 1_772_326_800_000_000,
          strength: 'weak',
          camouflaged: true,
          group: 'f1',
        },
      ],
    },
  });
});

test("somebody else's fields play no part, even under our names", () => {
  const read = readLabels(
    JSON.stringify({
      programs: 1,
      days: 0.5,
      note: [],
      incidents: [
        { ...INCIDENT, strength: 3, camouflaged: 'no', group: null, x: {} },
        { ...INCIDENT, category: ['location'], strength: '', group: 7 },
      ],
    }),
  );
  expect(read).toMatchObject({
    ok: true,
    world: {
      incidents: [
        { category: 'location', strength: null, camouflaged: null, group: null },
        { category: '', strength: null, camouflaged: null, group: '7' },
      ],
    },
  });
});

test.each([
  ['a kind that there is not', text(INCIDENT, { ...INCIDENT, kind: 'burst' }), 17, 'incidents[1].kind'],
  ['a time without an offset', text({ ...INCIDENT, start: '2026-03-01T00:00:00' }), 11, 'incidents[0].start'],
  ['an end that is not after the start', text({ ...INCIDENT, end: INCIDENT.start }), 12, 'incidents[0].end'],
  ['no program', text({ ...INCIDENT, program: undefined }), 6, 'incidents[0].program'],
  ['no incidents', '{\n"programs": 3,\n"days": 2}', 1, 'incidents'],
  ['days that are none', '{"days": 0,\n "programs": 3, "incidents": []}', 1, 'days'],
  ['text that is not JSON', '{"days": 1,\n "programs" 3}', 2, ''],
])('%s is told with its line and field', (_, labels, line, field) => {
  expect(readLabels(labels)).toMatchObject({ ok: false, problem: { line, field, more: 0 } });
});

test('a byte-order mark before the labels says nothing', () => {
  const text = JSON.stringify({ programs: 1, days: 1, incidents: [] });
  expect(readLabels(`\uFEFF${text}`)).toEqual(readLabels(text));
  expect(readLabels(`\uFEFF${text}`)).toMatchObject({ ok: true });
});

test('of many mistakes the first is told, and how many more there are', () => {
  const read = readLabels(text({ ...INCIDENT, kind: 1, start: 2 }));
  expect(read).toMatchObject({ ok: false, problem: { field: 'incidents[0].kind', more: 1 } });
});

test('any text is read or refused, never thrown at', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (anything) => {
      expect(typeof readLabels(anything).ok).toBe('boolean');
    }),
  );
});
