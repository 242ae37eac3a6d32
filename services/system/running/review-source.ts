/** Where the pages for reviewers have their figures from: what is stored, and what the scorer knows of a program now. */
import { accessesAt, type StoredAccess } from '../../auditor/find-access.ts';
import type { Alarms, ConsoleSource, DeclaredKind, ProgramFacts, ProgramPage, ToldAlarm } from '../../console/console-source.ts';
import { newestAccesses } from '../../console/live/newest-accesses.ts';
import { ALARMS_MAX } from '../../console/review/alarms-page.ts';
import { PROGRAMS_MAX } from '../../console/review/programs-page.ts';
import type { Authority } from '../../domain/authority/authority.ts';
import { isoTime } from '../../domain/checks/subject.ts';
import { partitionOf } from '../../domain/partitioning/murmur2.ts';
import type { DeclarationInForce } from '../../domain/program/declaration.ts';
import { classOf } from '../../domain/program/class-of.ts';
import { TIME_END_US } from '../../domain/record/time.ts';
import type { ReviewedEpisode } from '../../domain/review/conclusions.ts';
import { nameOf, topOf } from '../../domain/review/episode.ts';
import type { ProgramState } from '../../domain/state/program-table.ts';
import { BASELINES } from '../../domain/wording/explain-checks.ts';
import { storedChecks } from '../../domain/wording/stored-checks.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Warehouse } from '../../platform/warehouse/warehouse.ts';
import type { System } from '../opening/open-system.ts';
import { concludeAlarm } from '../questions/conclude-alarm.ts';
import { AlarmView } from '../questions/episodes.ts';
import { figuresOf, programsToLookAt } from '../questions/program-figures.ts';
import { programHoursAsOf } from '../questions/program-hours.ts';
import { positionsNow, type ReportSource } from '../questions/report.ts';
import { quotedForShell } from './shell-words.ts';

/** What is usual at an hour is that of so many days before, and those of the last week are shown. */
const LEARNED_HOURS = 28 * 24;
const SHOWN_HOURS = 7 * 24;
/** Kinds of data with a chart of their own. */
const CHARTS_MAX = 6;
const ALARMS_OF_PROGRAM_MAX = 20;
const MS_US = 1000;
const EVERYTHING = { fromUs: 0, toUs: TIME_END_US } as const;

interface ReviewSourceOptions {
  readonly system: System;
  readonly warehouse: Warehouse;
  readonly authority: Authority;
  readonly clock: Clock;
  readonly storeFlags: string;
}

export function reviewSource(options: ReviewSourceOptions): Pick<ConsoleSource, 'programs' | 'program' | 'alarms' | 'conclude'> {
  const { system, warehouse, authority, clock, storeFlags } = options;
  const source: ReportSource = { log: system.log, logId: system.log.logId, warehouse };
  return {
    programs: () => programsToLookAt(source, PROGRAMS_MAX),
    program: (id) => programPageOf(source, options, id),
    async alarms(isOpen): Promise<Alarms> {
      const view = await AlarmView.asOf(source, await positionsNow(source));
      const measured = await view.rate(EVERYTHING, authority);
      const alarms = await newestAlarms(view, { program: null, isOpen, max: ALARMS_MAX });
      return { told: await toldAlarms(source, alarms, storeFlags), measured };
    },
    async conclude({ partition, offset, ...word }) {
      const place = { partition, offset };
      const { episode } = await concludeAlarm({ ...source, log: system.log }, { place, ...word, nowMs: clock.nowMs() });
      return episode?.id ?? null;
    },
  };
}

/** Newest first. @param program null: of all. @param isOpen those that nobody has reviewed alone */
async function newestAlarms(
  view: AlarmView,
  { program, isOpen, max }: { readonly program: string | null; readonly isOpen: boolean; readonly max: number },
): Promise<ReviewedEpisode[]> {
  const found: ReviewedEpisode[] = [];
  for await (const alarm of view.episodes({ ...EVERYTHING, program }, isOpen ? undefined : max)) {
    if (isOpen && alarm.reviews.length > 0) continue;
    found.push(alarm);
    if (found.length === max) break;
  }
  return found;
}

async function programPageOf(source: ReportSource, options: ReviewSourceOptions, id: string): Promise<ProgramPage | null> {
  const { system, warehouse, clock, storeFlags } = options;
  const state = stateOf(system, id);
  const noted = await positionsNow(source);
  const figures = await figuresOf(source, id, noted);
  // A program that was only looked for is none; one with facts alone is.
  if (figures.accesses === 0 && (state === undefined || state.slot < 0)) return null;
  const view = await AlarmView.asOf(source, noted);
  const alarms = await newestAlarms(view, { program: id, isOpen: false, max: ALARMS_OF_PROGRAM_MAX });
  const request = { program: id, category: null, measure: 'accesses', ...EVERYTHING, hoursMax: LEARNED_HOURS } as const;
  const { series } = await programHoursAsOf(source, request, noted);
  const hours = series.flatMap(({ category, hours: all }) =>
    category === null ? [] : [{ category, hours: all.slice(-SHOWN_HOURS) }],
  );
  const inAll = (of: (typeof hours)[number]): number => of.hours.reduce((sum, { value }) => sum + value, 0);
  const named = quotedForShell(id);
  return {
    program: id,
    facts: factsOf(state, clock.nowMs()),
    figures,
    hours: hours
      .filter((one) => inAll(one) > 0)
      .toSorted((a, b) => inAll(b) - inAll(a))
      .slice(0, CHARTS_MAX),
    alarms: await toldAlarms(source, alarms, storeFlags),
    newest: await newestAccesses(warehouse, source.logId, { program: id, partition: partitionOf(id, system.log.partitions) }),
    commands: [
      `ntk explain --program ${named} --newest --limit 20${storeFlags}`,
      `ntk baseline hours ${named}${storeFlags}`,
      `ntk review list --program ${named}${storeFlags}`,
      `ntk standing ${named} suspended|banned|under_review|active --reason "WHY"${storeFlags}`,
      `ntk entitlement ${named} CATEGORY granted|withdrawn${storeFlags}`,
    ],
  };
}

function stateOf(system: System, id: string): ProgramState | undefined {
  for (const { state } of system.scorer?.owned().values() ?? []) {
    const found = state.programs.find(id);
    if (found !== undefined) return found;
  }
  return undefined;
}

function factsOf(state: ProgramState | undefined, nowMs: number): ProgramFacts {
  const { declaration = null, standing = null, entitlements } = state ?? {};
  const nowUs = nowMs * MS_US;
  const isInForce = standing !== null && standing.state !== 'active' && standing.untilUs > nowUs;
  return {
    declared: declaration && {
      version: declaration.version,
      developer: declaration.developer,
      className: classOf({ declaration }),
      kinds: kindsOf(declaration),
    },
    standing: isInForce ? { state: standing.state, until: isoTime(standing.untilUs) } : null,
    entitlements: new Map(
      [...(entitlements ?? [])].flatMap(([category, untilUs]) =>
        untilUs > nowUs ? [[category, isoTime(untilUs)] as const] : [],
      ),
    ),
  };
}

function kindsOf({ scope }: DeclarationInForce): DeclaredKind[] {
  const purposesOf = new Map<string, Set<string>>();
  for (const { id, entries } of scope.purposes)
    for (const { category } of entries) {
      const purposes = purposesOf.get(category);
      if (purposes === undefined) purposesOf.set(category, new Set([id]));
      else purposes.add(id);
    }
  return Array.from(scope.byCategory, ([category, { entries }]) => ({
    category,
    purposes: [...(purposesOf.get(category) ?? [])],
    isBackgroundAllowed: entries.some(({ background }) => background),
  }));
}

async function toldAlarms(source: ReportSource, alarms: readonly ReviewedEpisode[], storeFlags: string): Promise<ToldAlarm[]> {
  const { warehouse, logId } = source;
  const rows = await accessesAt(
    warehouse,
    logId,
    alarms.map(({ episode }) => topOf(episode)),
  );
  const rowAt = new Map(rows.map((row) => [nameOf({ partition: row.partition, offset: Number(row.offset) }), row]));
  return alarms.map(({ episode, reviews }) => ({
    episode,
    reviews,
    found: foundIn(rowAt.get(nameOf(topOf(episode)))),
    command: `ntk review ${episode.id} true_positive|false_positive|expected --note "WHY"${storeFlags}`,
  }));
}

function foundIn(row: StoredAccess | undefined): string {
  const baselines = row && storedChecks(row).find(({ check, status }) => check === BASELINES && status === 'found');
  return baselines?.text ?? '';
}
