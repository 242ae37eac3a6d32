/** Sums up what programs declare against what is in their code and what they called. Order and figures follow from the input alone. */
import { CATALOGUE, WECHAT_REQUIRED_SINCE } from '../../../schemas/catalogue/index.ts';
import {
  type DriftFinding,
  type DriftProgram,
  type DriftReport,
  PURPOSE_TEXTS_MAX,
  WORST_PROGRAMS_MAX,
} from '../../../schemas/report/drift.ts';
import { parseTimeUs } from '../record/time.ts';
import type { KnownProgram } from './known-program.ts';
import { compare, driftOf, isSamplePurpose, requiredApisOf } from './program-drift.ts';

const REQUIRED_SINCE_US = parseTimeUs(WECHAT_REQUIRED_SINCE);

type CategoryRow = DriftReport['byCategory'][number];
type Worst = DriftReport['worst'][number];
type Counts = DriftReport['programsWith'];

const COUNT_OF: Readonly<Record<Exclude<DriftFinding, 'none'>, keyof Counts>> = {
  undeclared: 'undeclared',
  undeclared_api: 'undeclaredApi',
  unused: 'unused',
  unjudged: 'unjudged',
};

export interface Drift {
  readonly report: DriftReport;
  /** By id. */
  readonly programs: readonly DriftProgram[];
}

export function driftReport(known: readonly KnownProgram[]): Drift {
  const sorted = [...known].sort((a, b) => compare(a.program, b.program));
  const programs = sorted.map(driftOf);
  const report: DriftReport = {
    programs: programs.length,
    hasResults: sorted.some(({ called }) => called !== null),
    locationApis: locationApis(sorted),
    undeclaredPrograms: programs.filter(({ isDeclared }) => !isDeclared).length,
    programsWith: programsWith(programs),
    purposes: purposes(sorted),
    byCategory: byCategory(programs),
    purposeTexts: purposeTexts(sorted),
    worst: worst(programs),
  };
  return { report, programs };
}

function locationApis(known: readonly KnownProgram[]): DriftReport['locationApis'] {
  const sums = { programs: 0, undeclared: 0 };
  const since = { time: WECHAT_REQUIRED_SINCE, programs: 0, undeclared: 0 };
  for (const program of known) {
    const { called, undeclared } = requiredApisOf(program);
    if (!called.some(isForPlace)) continue;
    const counted = program.changedUs !== null && program.changedUs >= REQUIRED_SINCE_US ? [sums, since] : [sums];
    for (const count of counted) {
      count.programs++;
      if (undeclared.some(isForPlace)) count.undeclared++;
    }
  }
  return { ...sums, since };
}

/** The address book has to be declared by name, too, but says where somebody lives, not where they are. */
function isForPlace(api: string): boolean {
  const category = CATALOGUE.get(api);
  return category === 'location' || category === 'location_coarse';
}

function programsWith(programs: readonly DriftProgram[]): Counts {
  const counts = { undeclared: 0, undeclaredApi: 0, unused: 0, unjudged: 0 };
  for (const { uses } of programs) {
    for (const finding of new Set(uses.map((use) => use.finding))) if (finding !== 'none') counts[COUNT_OF[finding]]++;
  }
  return counts;
}

function purposes(known: readonly KnownProgram[]): DriftReport['purposes'] {
  const texts = known.flatMap((program) => program.purposes.map(({ text }) => text.trim()));
  const hasSample = (program: KnownProgram): boolean => program.purposes.some(({ text }) => isSamplePurpose(text));
  return {
    withText: texts.filter((text) => text !== '').length,
    withoutText: texts.filter((text) => text === '').length,
    sample: texts.filter(isSamplePurpose).length,
    samplePrograms: known.filter(hasSample).length,
  };
}

function byCategory(programs: readonly DriftProgram[]): CategoryRow[] {
  const rows = new Map<string, CategoryRow>();
  for (const { uses } of programs) {
    for (const use of uses) {
      const { category, finding } = use;
      let row = rows.get(category);
      if (row === undefined) {
        row = { category, declared: 0, detected: 0, called: 0, undeclared: 0, undeclaredApi: 0, unused: 0, unjudged: 0 };
        rows.set(category, row);
      }
      if (use.isDeclared) row.declared++;
      if (use.isDetected === true) row.detected++;
      if ((use.accesses ?? 0) > 0) row.called++;
      if (finding !== 'none') row[COUNT_OF[finding]]++;
    }
  }
  const weight = (row: CategoryRow): number => row.undeclared + row.undeclaredApi;
  return [...rows.values()].sort(
    (a, b) => weight(b) - weight(a) || b.unused - a.unused || b.detected - a.detected || compare(a.category, b.category),
  );
}

/** Texts that differ in white space only are one. */
function purposeTexts(known: readonly KnownProgram[]): DriftReport['purposeTexts'] {
  const programs = new Map<string, number>();
  for (const program of known) {
    const texts = program.purposes.map(({ text }) => text.trim().replaceAll(/\s+/g, ' '));
    for (const text of new Set(texts)) if (text !== '') programs.set(text, (programs.get(text) ?? 0) + 1);
  }
  return [...programs]
    .sort(([a, many], [b, more]) => more - many || compare(a, b))
    .slice(0, PURPOSE_TEXTS_MAX)
    .map(([text, count]) => ({ text, programs: count, isSample: isSamplePurpose(text) }));
}

function worst(programs: readonly DriftProgram[]): Worst[] {
  const having = ({ uses }: DriftProgram, finding: DriftFinding): string[] =>
    uses.flatMap((use) => (use.finding === finding ? [use.category] : []));
  const weight = (one: Worst): number => one.undeclared.length + one.undeclaredApis.length;
  return programs
    .map((program) => ({
      program: program.program,
      developer: program.developer,
      undeclared: having(program, 'undeclared'),
      undeclaredApis: program.uses.flatMap(({ undeclaredApis }) => undeclaredApis),
      unused: having(program, 'unused'),
      sample: samplesOf(program),
    }))
    .filter((one) => weight(one) + one.unused.length + one.sample > 0)
    .sort(
      (a, b) =>
        weight(b) - weight(a) || b.unused.length - a.unused.length || b.sample - a.sample || compare(a.program, b.program),
    )
    .slice(0, WORST_PROGRAMS_MAX);
}

/** A purpose may stand beside several categories. */
function samplesOf({ uses }: DriftProgram): number {
  const ids = uses.flatMap((use) => use.purposes.flatMap(({ id, isSample }) => (isSample ? [id] : [])));
  return new Set(ids).size;
}
