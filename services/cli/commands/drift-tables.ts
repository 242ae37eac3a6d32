/** The drift report for people and spreadsheets. Programs, purposes and APIs are names of others: they are made safe here. */
import type { DriftFinding, DriftProgram, DriftReport, DriftUse } from '../../../schemas/report/drift.ts';
import type { Output } from '../output/output.ts';
import { brief, safe } from '../output/terminal.ts';
import { areOf, counted, grouped as n } from '../../domain/wording/counted.ts';
import { moreWords } from '../output/more-words.ts';

const share = (part: number, whole: number): string => (whole === 0 ? '' : ` (${Math.round((100 * part) / whole)} %)`);

/** Of a text in a table. */
const TEXT_CHARACTERS_MAX = 60;
const NAME_CHARACTERS_MAX = 44;
/** More than there are kinds of data; developers may name others, as many as they like. */
const CATEGORIES_SHOWN_MAX = 50;

export function printDrift(out: Output, report: DriftReport): void {
  printHeadline(out, report);
  out.line();
  const { hasResults, byCategory } = report;
  out.table(
    ['category', 'declared', 'in code', ...(hasResults ? ['called'] : []), ...findingHeads(hasResults)],
    byCategory
      .slice(0, CATEGORIES_SHOWN_MAX)
      .map((row) => [
        brief(row.category, NAME_CHARACTERS_MAX),
        row.declared,
        row.detected,
        ...(hasResults ? [row.called] : []),
        row.undeclared,
        row.undeclaredApi,
        row.unused,
        row.unjudged,
      ]),
  );
  const more = byCategory.length - CATEGORIES_SHOWN_MAX;
  if (more > 0) out.line(moreWords(more, 'all of them: --json'));
  if (report.purposeTexts.length > 0) {
    out.line();
    out.table(
      ['most common purposes', 'programs', ''],
      report.purposeTexts.map(({ text, programs, isSample }) => [
        brief(text, TEXT_CHARACTERS_MAX),
        programs,
        isSample ? 'sample sentence of the documentation' : '',
      ]),
    );
  }
  if (report.worst.length === 0) return;
  out.line();
  out.table(
    ['program', 'not declared', 'API not declared', unusedHead(hasResults), 'sample purposes'],
    report.worst.map(({ program, undeclared, undeclaredApis, unused, sample }) => [
      brief(program, NAME_CHARACTERS_MAX),
      brief(undeclared.join(' '), TEXT_CHARACTERS_MAX),
      brief(undeclaredApis.join(' '), TEXT_CHARACTERS_MAX),
      brief(unused.join(' '), TEXT_CHARACTERS_MAX),
      sample,
    ]),
  );
}

function unusedHead(hasResults: boolean): string {
  return hasResults ? 'never called' : 'not in code';
}

function findingHeads(hasResults: boolean): string[] {
  return ['not declared', 'API not declared', unusedHead(hasResults), 'cannot tell'];
}

function printHeadline(out: Output, report: DriftReport): void {
  const { programs, locationApis, programsWith, purposes, hasResults, undeclaredPrograms } = report;
  const { since } = locationApis;
  if (locationApis.programs > 0) {
    out.line(
      out.paint(
        'bold',
        `Of ${counted(locationApis.programs, 'program')} that call a location API, ${n(locationApis.undeclared)} leave one undeclared${share(locationApis.undeclared, locationApis.programs)}`,
      ),
    );
    if (since.programs > 0)
      out.line(
        `of the ${n(since.programs)} that were changed since ${since.time.slice(0, 10)}, when the platform began to require it, ${n(since.undeclared)}${share(since.undeclared, since.programs)}`,
      );
  }
  const found = hasResults ? 'call or have in their code' : 'have in their code';
  const unused = hasResults ? 'what they never called' : 'what is not in their code';
  const more = undeclaredPrograms > 0 ? `, ${n(undeclaredPrograms)} have no declaration at all` : '';
  out.line(
    `${counted(programs, 'program')}: ${n(programsWith.undeclared)} ${found} what they do not declare, ${n(programsWith.undeclaredApi)} an API that is not declared by name, ${n(programsWith.unused)} declare ${unused}${more}`,
  );
  if (purposes.withText > 0)
    out.line(
      `${n(purposes.sample)} of ${counted(purposes.withText, 'purpose')}${share(purposes.sample, purposes.withText)} ${areOf(purposes.sample)} a sample sentence of the documentation`,
    );
}

const IN_WORDS: Readonly<Record<DriftFinding, string>> = {
  undeclared: 'not declared',
  undeclared_api: 'declared, but not every API',
  unused: 'declared, never used',
  unjudged: 'cannot tell from these files',
  none: 'as declared',
};

export function printProgramDrift(out: Output, { program, developer, isDeclared, uses }: DriftProgram): void {
  out.line(out.paint('bold', `${brief(program)}${developer === '' ? '' : `, by ${brief(developer)}`}`));
  if (!isDeclared) out.line(out.paint('red', 'no declaration'));
  if (uses.length === 0) {
    out.line('declares nothing, and nothing was found');
    return;
  }
  const hasResults = uses.some(({ accesses }) => accesses !== null);
  out.line();
  out.table(
    ['category', 'finding', 'APIs in code', ...(hasResults ? ['accesses', 'off screen'] : []), 'purposes'],
    uses
      .slice(0, CATEGORIES_SHOWN_MAX)
      .map((use) => [
        brief(use.category, NAME_CHARACTERS_MAX),
        IN_WORDS[use.finding],
        use.apis.map((api) => (use.undeclaredApis.includes(api) ? `${brief(api)} (not declared)` : brief(api))).join(', ') ||
          (use.isDetected === true ? 'found' : ''),
        ...(hasResults ? [use.accesses ?? 0, use.background ?? 0] : []),
        purposesOf(use),
      ]),
  );
  const more = uses.length - CATEGORIES_SHOWN_MAX;
  if (more > 0) out.line(moreWords(more, 'all of them: --json'));
}

function purposesOf({ purposes }: DriftUse): string {
  return purposes
    .map(({ id, text, isSample }) => {
      const what = text === '' ? '' : `: ${brief(text, TEXT_CHARACTERS_MAX)}`;
      return `${brief(id, NAME_CHARACTERS_MAX)}${what}${isSample ? ' (sample sentence)' : ''}`;
    })
    .join('; ');
}

const CSV_HEAD = [
  'program',
  'developer',
  'category',
  'finding',
  'declared',
  'in_code',
  'accesses',
  'background',
  'apis',
  'undeclared_apis',
  'purposes',
];

/** One row for each program and kind of data. Whatever cell a spreadsheet or a terminal could act on is made visible. */
export function driftCsv(programs: readonly DriftProgram[]): (string | number)[][] {
  const rows = programs.flatMap(({ program, developer, uses }) =>
    uses.map((use) => [
      safe(program),
      safe(developer),
      safe(use.category),
      use.finding,
      String(use.isDeclared),
      use.isDetected === null ? '' : String(use.isDetected),
      use.accesses ?? '',
      use.background ?? '',
      safe(use.apis.join(' ')),
      safe(use.undeclaredApis.join(' ')),
      safe(use.purposes.map(({ id, text }) => (text === '' ? id : `${id}: ${text}`)).join('; ')),
    ]),
  );
  return [CSV_HEAD, ...rows];
}
