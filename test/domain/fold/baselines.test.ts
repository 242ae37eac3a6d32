/** Check 10 as a part of the fold: what it sees and what not, what it keeps, and that what it says adds up. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { ORIGIN } from '../../../schemas/codes.ts';
import { LISTED_SECONDS } from '../../../services/domain/baselines/tuning.ts';
import { PAGE_KINDS } from '../../../services/domain/fold/partition-state.ts';
import { isBaselineKind } from '../../../services/domain/baselines/partition-baselines.ts';
import { decodeManifest } from '../../../services/scorer/manifest.ts';
import {
  alarmsOf,
  DAY,
  declaration,
  declarations,
  type Fact,
  HOUR,
  inOrder,
  type Judged,
  judged,
  ordinaryUses,
  policyFact,
  programName,
  recordsOf,
  START,
  type Use,
} from './platform.ts';
import { foldFrom, type Pages, pagesLeft, pagesOf } from './platform-pages.ts';

const PROGRAMS = 20;
const DAYS = 7;
const END = START + DAYS * DAY;
/** Ordinary and not so ordinary things from here on. */
const NOW = END + 10 * HOUR;
/** Not declared by anybody. */
const CAMERA = 'camera';

function policy(baselines: object, more: object = {}): Fact {
  return policyFact({ version: 'b', baselines, ...more });
}

const ENABLED = policy({ enabled: true, falseAlarmsPerProgramDay: 0.001 });
const week = ordinaryUses({ programs: PROGRAMS, days: DAYS, seed: 2 });

/** Eight users in an hour and a half. */
function cameraUses(program: number, from = NOW): Use[] {
  return Array.from({ length: 8 }, (_, i) => ({
    at: from + i * 700,
    program: programName(program),
    user: `c${i}`,
    category: CAMERA,
    bytes: 100,
  }));
}

/** A night of a program that polls one user, and the camera of another one. */
const incidents: Use[] = [
  ...cameraUses(1),
  ...Array.from(
    { length: 60 },
    (_, i): Use => ({ at: NOW + i * 300, program: programName(2), user: 'u1', category: 'location', foreground: false }),
  ),
];

function log(policyInForce: Fact, more: readonly (Use | Fact)[]): (Use | Fact)[] {
  return inOrder([policyInForce, ...declarations(PROGRAMS), ...week, ...more]);
}

let whole: Judged;
let afterAWeek: Pages;
let records: number;

beforeAll(() => {
  const quiet = log(ENABLED, []);
  records = quiet.length;
  afterAWeek = pagesOf(judged(recordsOf(quiet)).fold);
  whole = judged(recordsOf(log(ENABLED, incidents)));
});

/** What comes after the quiet week. */
function goOn(more: readonly (Use | Fact)[], origin: number = ORIGIN.run): Judged {
  const told = [...log(ENABLED, []), ...more];
  return judged(recordsOf(told, records, origin), foldFrom(afterAWeek));
}

describe('a score', () => {
  it('is what its contributions sum to, to the last bit of a Float32 and in any order', () => {
    let scored = 0;
    for (const { score, contributions } of whole.seen) {
      const amounts = Object.values(contributions);
      for (const order of [amounts, amounts.toReversed()]) {
        expect(order.reduce((sum, amount) => Math.fround(sum + Math.fround(amount)), 0)).toBe(Math.fround(score));
      }
      expect(Math.fround(score)).toBe(score);
      if (score > 0) scored++;
    }
    expect(scored).toBeGreaterThan(50);
  });

  it('of an alarm is in its evidence, with its contributions, and reaches the threshold there', () => {
    const alarms = alarmsOf(whole);
    expect(new Set(alarms.map(({ program }) => program))).toEqual(new Set([programName(1), programName(2)]));
    for (const { score, contributions, evidence, reasons } of alarms) {
      const { baseline, findings } = JSON.parse(evidence) as {
        baseline: { score: number; threshold: number; contributions: object };
        findings: { reason: string }[];
      };
      expect(baseline).toMatchObject({ score, contributions });
      expect(score).toBeGreaterThanOrEqual(baseline.threshold - 0.005);
      expect(findings.map(({ reason }) => reason)).toEqual(reasons);
    }
  });

  it('never holds a user, in evidence or anywhere', () => {
    for (const { evidence, user } of alarmsOf(whole)) expect(evidence).not.toContain(`"${user}"`);
  });
});

describe('a policy', () => {
  it('without baselines has scores of 0 and keeps nothing', () => {
    const { seen, fold } = judged(recordsOf(log(policy({ enabled: false }), incidents)));
    expect(seen.every(({ score, isAlarm }) => score === 0 && !isAlarm)).toBe(true);
    expect(fold.state.baselines.count).toBe(0);
  });

  it('that allows no false alarm has none at all, whatever happens', () => {
    const { seen } = judged(recordsOf(log(policy({ enabled: true, falseAlarmsPerProgramDay: 0 }), incidents)));
    expect(seen.filter(({ isAlarm }) => isAlarm)).toEqual([]);
    expect(Math.max(...seen.map(({ score }) => score))).toBeGreaterThan(10);
  });

  it('that allows more has what a stricter one has, and sooner', () => {
    const generous = goOn([policy({ enabled: true, falseAlarmsPerProgramDay: 0.05 }), ...inOrder(incidents)]);
    for (const program of [1, 2])
      expect(alarmsOf(generous, program)[0]!.at).toBeLessThanOrEqual(alarmsOf(goOn(inOrder(incidents)), program)[0]!.at);
  });
});

describe('a category that a program never used', () => {
  const isTold = ({ reasons }: { readonly reasons: readonly string[] }): boolean => reasons.includes('category_new_for_program');

  it('is told when nobody declared it', () => {
    expect(goOn(cameraUses(1)).seen.some(isTold)).toBe(true);
  });

  it('is not told within seven days of its being declared, and is after that', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 14 * DAY }), (seconds) => {
        const listedAt = NOW - seconds;
        const declared = declaration(1, 2, [CAMERA], listedAt);
        const told = goOn([declared, ...cameraUses(1)]).seen.filter(isTold);
        for (const { at } of told) expect(at - listedAt).toBeGreaterThanOrEqual(LISTED_SECONDS);
        if (seconds > LISTED_SECONDS) expect(told.length).toBeGreaterThan(0);
      }),
      { numRuns: 30 },
    );
  });

  it('counts its days from when it was declared, although other versions followed', () => {
    const first = declaration(1, 2, [CAMERA], NOW - 8 * DAY);
    const second = declaration(1, 3, [CAMERA], NOW - DAY);
    expect(goOn([first, second, ...cameraUses(1)]).seen.some(isTold)).toBe(true);
  });
});

describe('what baselines do not see', () => {
  it('is what checks 1 to 8 intercept: it teaches nothing and changes no score', () => {
    const strict = policy({ enabled: true }, { actions: { undeclared_category: 'intercept' }, modes: { default: 'enforce' } });
    const without = judged(recordsOf(log(strict, [])));
    const spy = ordinaryUses({ programs: 3, days: DAYS, seed: 8 }).map((use): Use => ({ ...use, category: CAMERA }));
    const withThem = judged(recordsOf(log(strict, spy)));
    const others = withThem.seen.filter(({ category }) => category !== CAMERA);
    expect(others.length).toBe(withThem.seen.length - spy.length);
    // What is written of an access is the same with them and without.
    expect(others).toEqual(without.seen);
    expect(withThem.fold.state.baselines.count).toBe(without.fold.state.baselines.count);
    expect(withThem.seen.every(({ category, score }) => category !== CAMERA || score === 0)).toBe(true);
  });

  it('is what was imported into a running system', () => {
    const { seen, fold } = goOn(inOrder(incidents), ORIGIN.imported);
    expect(seen).toHaveLength(incidents.length);
    expect(seen.every(({ score }) => score === 0)).toBe(true);
    expect(fold.state.baselines.count).toBe(foldFrom(afterAWeek).state.baselines.count);
  });

  it('is what the windows no longer hold: it is scored 0 and counted', () => {
    const use = (at: number): Use => ({ at, program: programName(1), user: 'u1', category: 'location' });
    const { seen, late } = goOn([use(NOW), use(NOW - 5 * HOUR), use(NOW - 3 * DAY), use(NOW - 4 * DAY)]);
    expect(late).toBe(2);
    expect(seen.map(({ score }) => score)).toEqual([0, 0, 0, 0]);
  });
});

describe('what baselines keep', () => {
  it('is in a checkpoint as it was when that began, although new programs and categories come before it is written', () => {
    const fold = foldFrom(afterAWeek);
    const there = fold.state.counts();
    // Every page has changed.
    const busy = ordinaryUses({ programs: PROGRAMS, days: 1, seed: 5 }).map((use): Use => ({ ...use, at: use.at + DAYS * DAY }));
    const told: (Use | Fact)[] = [...log(ENABLED, []), ...busy];
    judged(recordsOf(told, records), fold);
    const before = fold.state.counts();
    expect(before.baselineKeys).toBeGreaterThanOrEqual(there.baselineKeys);
    fold.state.beginCheckpoint();
    const newcomers = [...cameraUses(3, NOW + DAY), { ...cameraUses(4, NOW + DAY)[0]!, program: 'wxnew', category: 'photos' }];
    judged(recordsOf([...told, ...newcomers], told.length), fold);
    expect(fold.state.counts().baselineKeys).toBe(before.baselineKeys + 2);
    const restored = foldFrom(pagesLeft(fold));
    expect(restored.state.counts()).toEqual(before);
    expect(restored.state.programs.find('wxnew')).toBeUndefined();
  });

  it('is nothing yet where a checkpoint is of an engine without baselines', () => {
    const pages = Object.fromEntries(PAGE_KINDS.filter((kind) => !isBaselineKind(kind)).map((kind) => [kind, []]));
    const sums = { engine: 2, catalogueHash: '', offset: 0, rowsHash: '', entryHash: '', writtenAtMs: 0 };
    const read = decodeManifest(Buffer.from(JSON.stringify({ ...sums, pages })));
    expect(Object.keys(read!.pages)).toEqual([...PAGE_KINDS]);
    const older: Pages = { ...afterAWeek, ...Object.fromEntries(PAGE_KINDS.filter(isBaselineKind).map((kind) => [kind, []])) };
    const fold = foldFrom(older);
    expect(fold.state.counts()).toMatchObject({ baselineKeys: 0, programs: PROGRAMS });
    const told = [...log(ENABLED, []), ...cameraUses(1)];
    const { seen } = judged(recordsOf(told, records), fold);
    expect(seen.every(({ score }) => score === 0)).toBe(true);
    expect(fold.state.counts().baselineKeys).toBe(1);
  });
});
