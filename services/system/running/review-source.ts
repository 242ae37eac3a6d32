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
import type { ProgramState } from '../../domain/state/program-table.ts';
import { BASELINES } from '../../domain/wording/explain-checks.ts';
import { storedChecks } from '../../domain/wording/stored-checks.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Warehouse } from '../../platform/warehouse/warehouse.ts';
import type { System } from '../opening/open-system.ts';
import { concludeAlarm } from '../questions/conclude-alarm.ts';
import { AlarmView } from '../questions/episodes.ts';
import { figuresOf, programsToLookAt } from '../questions/program-figures.ts';
import { programHoursOfOwnLog } from '../questions/program-hours.ts';
import type { ReportSource } from '../questions/report.ts';
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
  const { system, warehouse, authority } = options;
  const source: ReportSource = { log: system.log, logId: system.log.logId, warehouse };
  const { storeFlags } = options;
  return {
    programs: () => programsToLookAt(source, PROGRAMS_MAX),
    program: (id) => programPageOf(source, options, id),
    async alarms(isOpen): Promise<Alarms> {
      const view = await AlarmView.ofOwnLog(source);
      const measured = await view.rate(EVERYTHING, authority);
      return { told: await toldAlarms(source, await newestAlarms(view, isOpen), storeFlags), measured };
    },
    async conclude({ partition, offset, ...word }) {
      const place = { partition, offset };
      const { episode } = await concludeAlarm({ ...source, log: system.log }, { place, ...word, nowMs: options.clock.nowMs() });
      return episode?.id ?? null;
    },
  };
}

async function newestAlarms(view: AlarmView, isOpen: boolean): Promise<ReviewedEpisode[]> {
  const found: ReviewedEpisode[] = [];
  for await (const alarm of view.episodes({ ...EVERYTHING, program: null })) {
    if (isOpen && alarm.reviews.length > 0) continue;
    found.push(alarm);
    if (found.length === ALARMS_MAX) break;
  }
  return found;
}

async function programPageOf(source: ReportSource, options: ReviewSourceOptions, id: string): Promise<ProgramPage | null> {
  const { system, warehouse, clock, storeFlags } = options;
  const state = stateOf(system, id);
  const figures = await figuresOf(source, id);
  // A program that was only looked for is none; one with facts alone is.
  if (figures.accesses === 0 && (state === undefined || state.slot < 0)) return null;
  const view = await AlarmView.ofOwnLog(source);
  const alarms: ReviewedEpisode[] = [];
  for await (const alarm of view.episodes({ ...EVERYTHING, program: id }, ALARMS_OF_PROGRAM_MAX)) {
    alarms.push(alarm);
    if (alarms.length === ALARMS_OF_PROGRAM_MAX) break;
  }
  const request = { program: id, category: null, measure: 'accesses', ...EVERYTHING, hoursMax: LEARNED_HOURS } as const;
  const { series } = await programHoursOfOwnLog(source, request);
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
  const places = alarms.map(({ episode: { partition, topOffset } }) => ({ partition, offset: topOffset }));
  const rows = new Map((await accessesAt(warehouse, logId, places)).map((row) => [`${row.partition}-${row.offset}`, row]));
  return alarms.map(({ episode, reviews }) => ({
    episode,
    reviews,
    found: foundIn(rows.get(`${episode.partition}-${episode.topOffset}`)),
    command: `ntk review ${episode.id} true_positive|false_positive|expected --note "WHY"${storeFlags}`,
  }));
}

function foundIn(row: StoredAccess | undefined): string {
  const baselines = row && storedChecks(row).find(({ check, status }) => check === BASELINES && status === 'found');
  return baselines?.text ?? '';
}
