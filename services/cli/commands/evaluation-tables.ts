/** An evaluation for people and spreadsheets. Programs and incidents are names of others: they are made safe here. */
import type { Evaluation, NamedRecall, Recall } from '../../../schemas/report/evaluation.ts';
import { counted, grouped as n } from '../../domain/wording/counted.ts';
import type { Output } from '../output/output.ts';
import { brief } from '../output/terminal.ts';

/** Missed incidents and false episodes in the table; all of them are in JSON and CSV. */
const LISTED_MAX = 40;
const NAME_CHARACTERS_MAX = 44;

const rounded = (value: number): string => value.toFixed(2);

export function printEvaluation(out: Output, evaluation: Evaluation): void {
  printHeadline(out, evaluation);
  const { byKind, byStrength, byCamouflage, byReason } = evaluation;
  for (const [title, rows] of [
    ['kind', byKind],
    ['strength', byStrength],
    ['camouflage', byCamouflage],
  ] as const) {
    if (rows.length === 0) continue;
    out.line();
    out.table([title, 'incidents', 'found', 'recall', 'median time'], rows.map(recallCells));
  }
  if (byReason.length > 0) {
    out.line();
    out.table(
      ['reason', 'episodes', 'false'],
      byReason.map(({ reason, episodes, falseEpisodes }) => [reason, episodes, falseEpisodes]),
    );
  }
  printMissed(out, evaluation);
  printFalse(out, evaluation);
  const { unwritten, gaps, complete } = evaluation.quality;
  if (complete) return;
  out.line();
  out.line(out.paint('red', `NOT complete: ${counted(unwritten, 'record')} not stored yet, ${counted(gaps, 'accepted gap')}`));
}

function printHeadline(out: Output, evaluation: Evaluation): void {
  const { all, mediumAndStrong, fleets, episodes, falseEpisodes, precision } = evaluation;
  const { falsePer1000ProgramDays: rate, falsePer1000ActiveProgramDays: active } = evaluation;
  out.line(out.paint('bold', `${n(all.found)} of ${counted(all.incidents, 'incident')} found${recallWords(all)}`));
  if (mediumAndStrong !== null)
    out.line(
      `medium and strong: ${n(mediumAndStrong.found)} of ${counted(mediumAndStrong.incidents, 'incident')}${recallWords(mediumAndStrong)}`,
    );
  if (fleets.fleets > 0) out.line(`sibling fleets: ${n(fleets.found)} of ${n(fleets.fleets)} found by some member`);
  const precisionWords = precision === null ? '' : `, precision ${rounded(precision)}`;
  out.line(out.paint('bold', `${n(falseEpisodes)} of ${counted(episodes, 'episode')} false${precisionWords}`));
  out.line(`false in 1,000 program-days: ${rateWords(rate)}; programs x days: ${n(Math.round(evaluation.programDays))}`);
  if (active !== null)
    out.line(
      `counting days with an access, as a policy's budget does: ${rateWords(active)}; ${counted(evaluation.activeProgramDays, 'day')}`,
    );
}

const recallWords = ({ recall }: Recall): string => (recall === null ? '' : `, recall ${rounded(recall)}`);
const rateWords = ({ value, low, high }: Evaluation['falsePer1000ProgramDays']): string =>
  `${rounded(value)} (95 %: ${rounded(low)} to ${rounded(high)})`;

function recallCells({ name, incidents, found, recall, medianSecondsToDetection: seconds }: NamedRecall): (string | number)[] {
  return [brief(name, NAME_CHARACTERS_MAX), incidents, found, recall === null ? '' : rounded(recall), durationWords(seconds)];
}

function durationWords(seconds: number | null): string {
  if (seconds === null) return '';
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

function printMissed(out: Output, { missed, worlds }: Evaluation): void {
  if (missed.length === 0) return;
  out.line();
  out.line(
    out.paint('yellow', `missed${listed(missed.length)}; look at one with ntk explain --program PROGRAM --category CATEGORY`),
  );
  out.table(
    [...worldHead(worlds), 'incident', 'program', 'kind', 'category', 'start', 'end', 'strength', ''],
    missed
      .slice(0, LISTED_MAX)
      .map((one) => [
        ...worldCell(worlds, one.world),
        brief(one.id, NAME_CHARACTERS_MAX),
        brief(one.program, NAME_CHARACTERS_MAX),
        one.kind,
        brief(one.category, NAME_CHARACTERS_MAX),
        one.start,
        one.end,
        brief(one.strength ?? '', NAME_CHARACTERS_MAX),
        one.camouflaged === true ? 'camouflaged' : '',
      ]),
  );
}

function printFalse(out: Output, { falseAlarms, worlds }: Evaluation): void {
  if (falseAlarms.length === 0) return;
  out.line();
  out.line(out.paint('yellow', `false${listed(falseAlarms.length)}; look at one with ntk explain EVENT --program PROGRAM`));
  out.table(
    [...worldHead(worlds), 'episode', 'program', 'start', 'last', 'results', 'reasons', 'first event'],
    falseAlarms
      .slice(0, LISTED_MAX)
      .map((one) => [
        ...worldCell(worlds, one.world),
        one.episode,
        brief(one.program, NAME_CHARACTERS_MAX),
        one.start,
        one.end,
        one.results,
        one.reasons.join(' '),
        brief(one.eventId, NAME_CHARACTERS_MAX),
      ]),
  );
}

const worldHead = (worlds: number): string[] => (worlds > 1 ? ['world'] : []);
const worldCell = (worlds: number, world: number): number[] => (worlds > 1 ? [world] : []);
const listed = (count: number): string => (count > LISTED_MAX ? ` (${LISTED_MAX} of ${n(count)}, the rest with --json)` : '');

/** One row for each missed incident and false episode, after the figures. */
export function evaluationCsv(evaluation: Evaluation): (string | number)[][] {
  const { all, mediumAndStrong, fleets, byKind, byStrength, byCamouflage } = evaluation;
  const rows: (string | number)[][] = [['section', 'name', 'count', 'of', 'value', 'program', 'start', 'end']];
  const recalls: [string, NamedRecall[]][] = [
    [
      'recall',
      [{ name: 'all', ...all }, ...(mediumAndStrong === null ? [] : [{ name: 'medium_and_strong', ...mediumAndStrong }])],
    ],
    ['by_kind', byKind],
    ['by_strength', byStrength],
    ['by_camouflage', byCamouflage],
  ];
  for (const [section, list] of recalls)
    for (const { name, found, incidents, recall } of list) rows.push([section, name, found, incidents, recall ?? '', '', '', '']);
  rows.push(['fleets', 'found', fleets.found, fleets.fleets, '', '', '', '']);
  for (const { name, medianSecondsToDetection } of byKind)
    rows.push(['median_seconds', name, '', '', medianSecondsToDetection ?? '', '', '', '']);
  const { falseEpisodes, episodes, precision, falsePer1000ProgramDays: rate } = evaluation;
  rows.push(['episodes', 'false', falseEpisodes, episodes, '', '', '', '']);
  rows.push(['episodes', 'precision', '', '', precision ?? '', '', '', '']);
  for (const [name, value] of Object.entries(rate)) rows.push(['false_per_1000_program_days', name, '', '', value, '', '', '']);
  for (const { id, kind, program, start, end } of evaluation.missed) rows.push(['missed', id, '', '', kind, program, start, end]);
  for (const { episode, results, reasons, program, start, end } of evaluation.falseAlarms)
    rows.push(['false', episode, results, '', reasons.join(' '), program, start, end]);
  return rows;
}
