import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WECHAT_REQUIRED_SINCE } from '../../../schemas/catalogue/index.ts';
import { driftReportSchema, PURPOSE_TEXTS_MAX, WORST_PROGRAMS_MAX } from '../../../schemas/report/drift.ts';
import { driftReport } from '../../../services/domain/drift/drift-report.ts';
import type { KnownProgram } from '../../../services/domain/drift/known-program.ts';
import { KnownPrograms } from '../../../services/domain/drift/known-programs.ts';
import { driftOf } from '../../../services/domain/drift/program-drift.ts';

const NOTHING: KnownProgram = {
  program: 'wx1',
  developer: 'dev',
  isDeclared: true,
  changedUs: null,
  purposes: [],
  found: null,
  requiredApis: null,
  isWhole: true,
  called: null,
};
const SAMPLE = '你的位置信息将用于小程序位置接口的效果展示';
const place = { id: 'Location', text: SAMPLE, categories: ['location', 'location_coarse'] };
const photos = { id: 'Album', text: 'choose a picture', categories: ['photos'] };
const inCode = (api: string | null, category: string, isBundled = false) => ({ api, category, isBundled });
const calls = (...categories: string[]) => new Map(categories.map((category) => [category, { accesses: 3, background: 1 }]));

/** `category finding`, of one program. */
function found(known: Partial<KnownProgram>): string[] {
  return driftOf({ ...NOTHING, ...known }).uses.map(({ category, finding }) => `${category} ${finding}`);
}

describe('of one program', () => {
  test('what is in its code and not declared is undeclared, what is declared and not in its code is unused', () => {
    expect(found({ purposes: [place, photos], found: [inCode(null, 'location'), inCode(null, 'clipboard')] })).toEqual([
      'location none',
      'photos unused',
      'clipboard undeclared',
    ]);
  });

  test('results say more than the code: in the code and never called is unused', () => {
    const purposes = [place, photos];
    const code = [inCode(null, 'location'), inCode(null, 'photos')];
    expect(found({ purposes, found: code, called: calls('photos', 'camera') })).toEqual([
      'location unused',
      'photos none',
      'camera undeclared',
    ]);
  });

  test('what it says is not looked through for each of its kinds of data, of which a developer may name as many as they like', () => {
    const kinds = Array.from({ length: 1_000 }, (_, i) => `kind${i}`);
    let reads = 0;
    const inItsCode = kinds.map((kind) => ({
      ...inCode(null, kind),
      get category() {
        reads++;
        return kind;
      },
    }));
    const purposes = kinds.map((kind) => ({
      ...photos,
      get categories() {
        reads++;
        return [kind];
      },
    }));
    expect(found({ purposes, found: inItsCode })).toHaveLength(kinds.length);
    expect(reads).toBeLessThan(10 * kinds.length);
  });

  test('nothing is unused where nobody looked', () => {
    expect(found({ purposes: [place] })).toEqual(['location none']);
  });

  test('an app.json alone cannot say that photos are not declared, but that a place is not', () => {
    const code = [inCode('wx.chooseImage', 'photos'), inCode('wx.getLocation', 'location')];
    expect(found({ isWhole: false, requiredApis: new Set(), found: code })).toEqual(['location undeclared', 'photos unjudged']);
  });

  test('a declared place does not declare an API that has to be named', () => {
    const code = [inCode('wx.getLocation', 'location'), inCode('wx.onLocationChange', 'location')];
    const known = { isWhole: false, purposes: [place], requiredApis: new Set(['wx.getLocation']), found: code };
    expect(driftOf({ ...NOTHING, ...known }).uses[0]).toMatchObject({
      finding: 'undeclared_api',
      undeclaredApis: ['wx.onLocationChange'],
      purposes: [{ isSample: true }],
    });
  });

  test('what only a bundled library calls is not held against it, unless it was called', () => {
    const code = [inCode('wx.chooseImage', 'photos', true)];
    expect(found({ found: code })).toEqual(['photos unjudged']);
    expect(found({ found: code, called: calls('photos') })).toEqual(['photos undeclared']);
  });

  test('links and contacted domains are no personal data', () => {
    expect(found({ called: calls('navigation', 'network', 'unknown') })).toEqual([]);
  });
});

describe('of a platform', () => {
  const since = 1_700_000_000_000_000;
  const app = (program: string, changedUs: number, declared: string[], api = 'wx.getLocation'): KnownProgram => ({
    ...NOTHING,
    program,
    changedUs,
    isWhole: false,
    requiredApis: new Set(declared),
    found: [inCode(api, 'location')],
  });

  test('programs that call a location API and leave one undeclared are counted, those that could know apart', () => {
    const { report } = driftReport([
      app('a', since, []),
      app('b', since, ['wx.getLocation']),
      app('c', 1_000_000_000_000_000, []),
      { ...app('d', since, []), found: [inCode('wx.chooseAddress', 'address')] },
    ]);
    expect(report.locationApis).toMatchObject({ programs: 3, undeclared: 2, since: { programs: 2, undeclared: 1 } });
  });

  test('sample sentences and the most common purposes are counted by program', () => {
    const { report } = driftReport(
      ['a', 'b', 'c'].map((program, i) => ({
        ...NOTHING,
        program,
        purposes: i < 2 ? [place, { ...place, text: ` ${SAMPLE}\n` }] : [photos],
      })),
    );
    expect(report.purposes).toEqual({ withText: 5, withoutText: 0, sample: 4, samplePrograms: 2 });
    expect(report.purposeTexts).toEqual([
      { text: SAMPLE, programs: 2, isSample: true },
      { text: 'choose a picture', programs: 1, isSample: false },
    ]);
  });

  test('a program that only called is without any declaration', () => {
    const known = new KnownPrograms();
    known.declare(1, { ...NOTHING, program: 'declared', purposes: [photos] });
    const rows = [{ program: 'stranger', developer: '', category: 'photos', accesses: 2, background: 0 }];
    const { report, programs } = driftReport(known.all(rows));
    expect(report).toMatchObject({ programs: 2, undeclaredPrograms: 1, programsWith: { undeclared: 1, unused: 1 } });
    expect(programs.map(({ program, isDeclared }) => [program, isDeclared])).toEqual([
      ['declared', true],
      ['stranger', false],
    ]);
  });

  test('of several declarations the highest version holds', () => {
    const known = new KnownPrograms();
    known.declare(2, { ...NOTHING, purposes: [photos] });
    known.declare(1, { ...NOTHING, purposes: [place] });
    known.declare(2, { ...NOTHING, purposes: [] });
    expect(known.all(null)[0]!.purposes).toEqual([photos]);
  });

  /** The bytes of UTF-8 have it before what JavaScript compares to be less. */
  const [ABOVE, BEYOND] = ['\uff5e', '\u{1f600}'];

  test('kinds of data stand in falling order of what is not declared, then not used, then found, then by name', () => {
    const use = (program: string, found: string[], declared: string[] = []): KnownProgram => ({
      ...NOTHING,
      program,
      found: found.map((category) => inCode(null, category)),
      purposes: [{ id: 'p', text: 'why', categories: declared }],
    });
    const { report } = driftReport([
      use('a', ['photos', 'camera', 'sms'], ['sms', 'clipboard', 'email', 'phone_number', BEYOND, ABOVE]),
      use('b', ['photos', 'sms', 'health'], ['sms', 'clipboard', 'health']),
    ]);
    expect(report.byCategory.map(({ category }) => category)).toEqual([
      'photos',
      'camera',
      'clipboard',
      'email',
      'phone_number',
      ABOVE,
      BEYOND,
      'sms',
      'health',
    ]);
  });

  test('the worst programs have most undeclared, then unused, then samples, then stand by name; there are so many of them', () => {
    const unused = (id: string, category: string, text = 'why') => ({ id, text, categories: [category] });
    const own = (program: string, undeclared: string[], purposes: KnownProgram['purposes'] = []): KnownProgram => ({
      ...NOTHING,
      program,
      purposes,
      found: undeclared.map((category) => inCode(null, category)),
    });
    const worse = [
      own('f', ['photos', 'sms']),
      own('g', ['photos'], [unused('p', 'sms'), unused('q', 'email')]),
      own('h', ['photos'], [unused('p', 'sms')]),
      own('i', ['photos'], [unused('p', 'sms', SAMPLE)]),
      own('c', ['photos']),
    ];
    const worst = (known: readonly KnownProgram[]) => driftReport(known).report.worst.map(({ program }) => program);
    expect(worst(worse.toReversed())).toEqual(['f', 'g', 'i', 'h', 'c']);
    const many = [BEYOND, ABOVE, ...Array.from({ length: WORST_PROGRAMS_MAX }, (_, i) => `a${String(i).padStart(4, '0')}`)];
    const least = many.map((program) => own(program, ['photos']));
    expect(worst(least)).toEqual(many.slice(2));
    expect(worst(least.slice(0, 3))).toEqual(['a0000', ABOVE, BEYOND]);
  });

  test('a sample that stands beside two kinds of data is one, and a program with two unused ones is one', () => {
    const { report } = driftReport([{ ...NOTHING, purposes: [{ ...place, categories: ['photos', 'sms'] }], found: [] }]);
    expect(report.worst).toMatchObject([{ sample: 1, unused: ['photos', 'sms'] }]);
    expect(report.programsWith).toMatchObject({ unused: 1 });
  });

  test('purposes that as many programs have stand by their bytes, and only so many are said', () => {
    const texts = [BEYOND, ABOVE, ...Array.from({ length: PURPOSE_TEXTS_MAX }, (_, i) => `t${String(i).padStart(4, '0')}`)];
    const saying = (said: readonly string[]) =>
      driftReport([{ ...NOTHING, purposes: said.map((text) => ({ ...photos, text })) }]).report.purposeTexts.map(
        ({ text }) => text,
      );
    expect(saying(texts)).toEqual(texts.slice(2));
    expect(saying(texts.slice(0, 3))).toEqual(['t0000', ABOVE, BEYOND]);
  });

  test('a program that was changed in the first moment of the rule could know it', () => {
    const first = Date.parse(WECHAT_REQUIRED_SINCE) * 1000;
    const { report } = driftReport([app('a', first, []), app('b', first - 1, [])]);
    expect(report.locationApis.since).toMatchObject({ programs: 1, undeclared: 1 });
  });

  test('an API that only a bundled library calls does not have to be named', () => {
    const known = { ...app('a', since, []), found: [inCode('wx.getLocation', 'location', true)] };
    expect(driftReport([known]).report.locationApis).toMatchObject({ programs: 0, undeclared: 0 });
  });

  test('the same programs in any order give the same report, whose sums agree', () => {
    const category = fc.constantFrom('location', 'location_coarse', 'photos', 'camera', 'EXOther');
    const purpose = fc.record({
      id: fc.constantFrom('p', 'q'),
      text: fc.constantFrom('', SAMPLE, 'why'),
      categories: fc.array(category),
    });
    const api = fc.constantFrom('wx.getLocation', 'wx.chooseLocation', 'wx.chooseImage', null);
    const program = fc.record({
      isDeclared: fc.boolean(),
      changedUs: fc.constantFrom(null, 1, since),
      purposes: fc.array(purpose, { maxLength: 3 }),
      found: fc.option(fc.array(fc.record({ category, api, isBundled: fc.boolean() }), { maxLength: 4 })),
      requiredApis: fc.option(fc.subarray(['wx.getLocation', 'wx.chooseLocation']).map((apis) => new Set(apis))),
      isWhole: fc.boolean(),
      called: fc.option(fc.uniqueArray(category).map((categories) => calls(...categories))),
    });
    fc.assert(
      fc.property(fc.array(program, { maxLength: 14 }), fc.infiniteStream(fc.nat()), (programs, order) => {
        const known = programs.map((one, i) => ({ ...NOTHING, ...one, program: `wx${i}` }));
        const shuffled = known.map((one) => ({ one, at: order.next().value! })).sort((a, b) => a.at - b.at);
        const { report, programs: each } = driftReport(known);
        expect(driftReport(shuffled.map(({ one }) => one)).report).toEqual(report);
        expect(driftReportSchema.parse(report)).toEqual(report);
        for (const row of report.byCategory) {
          const uses = each.flatMap((one) => one.uses.filter(({ category: of }) => of === row.category));
          expect(row.undeclared + row.undeclaredApi + row.unused + row.unjudged).toBe(
            uses.filter(({ finding }) => finding !== 'none').length,
          );
          expect(row.declared).toBe(uses.filter(({ isDeclared }) => isDeclared).length);
        }
      }),
      { numRuns: 200 },
    );
  });
});
