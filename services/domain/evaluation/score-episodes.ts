/**
 * Scores alarms against labelled incidents, to the letter of exact-rules.md section 10.
 *
 * With S = [start, end + 1 h] of an incident, both ends included: an episode of its program finds it if it starts in S, or runs into
 * S and gains a reason there that it had not before. Both are one condition: the first time of one of its reasons is in S, because
 * an episode starts with its first reason. The episode is false if it *starts* in no S of its program, so that one that began too
 * early may find an incident and be false all the same.
 */
import { BASELINE_REASONS } from '../../../schemas/codes.ts';
import { INCIDENT_KINDS } from '../../../schemas/simulation/labels.ts';
import type { Evaluation, FalseEpisode, MissedIncident, NamedRecall, Recall } from '../../../schemas/report/evaluation.ts';
import { medianOf } from './median.ts';
import { type Alarm, type Episode, episodesOf } from './episodes.ts';
import type { LabelledIncident, LabelledWorld } from './labels-file.ts';
import { poissonInterval } from './poisson-interval.ts';

/** An episode may begin so long after an incident ended and still be about it. */
const AFTER_END_US = 3_600_000_000;

/** Labels and the alarms of their traffic. */
export interface JudgedWorld {
  readonly labels: LabelledWorld;
  readonly alarms: Iterable<Alarm>;
  /** Program-days with at least one access; 0 where nobody counted. */
  readonly activeProgramDays?: number;
}

export type Score = Omit<Evaluation, 'quality'>;

/** What became of one incident. `afterUs`: from its start to the earliest moment that finds it; null where nothing does. */
interface Outcome {
  readonly world: number;
  readonly incident: LabelledIncident;
  readonly afterUs: number | null;
}

interface JudgedEpisode {
  readonly world: number;
  readonly episode: Episode;
  readonly isFalse: boolean;
}

/** Several worlds as if they were one: counts add up, and rates follow from the sums. */
export function scoreWorlds(worlds: readonly JudgedWorld[]): Score {
  const outcomes: Outcome[] = [];
  const judged: JudgedEpisode[] = [];
  for (const [index, { labels, alarms }] of worlds.entries()) {
    const world = index + 1;
    const episodes = episodesOf(alarms);
    const incidents = Map.groupBy(labels.incidents, ({ program }) => program);
    for (const incident of labels.incidents) {
      outcomes.push({ world, incident, afterUs: foundAfter(incident, episodes.get(incident.program) ?? []) });
    }
    for (const episode of [...episodes.values()].flat()) {
      const isFalse = !(incidents.get(episode.program) ?? []).some((incident) => isInside(episode.startUs, incident));
      judged.push({ world, episode, isFalse });
    }
  }
  outcomes.sort((a, b) => a.world - b.world || a.incident.startUs - b.incident.startUs);
  judged.sort((a, b) => a.world - b.world || a.episode.startUs - b.episode.startUs || (a.episode.id < b.episode.id ? -1 : 1));
  return { ...sizesOf(worlds), ...recallOf(outcomes), ...falsehoodOf(worlds, judged), missed: missedOf(outcomes) };
}

/** Whether a moment lies in the stretch of an incident: from its start to an hour after its end, both included. */
export function isInside(timeUs: number, { startUs, endUs }: LabelledIncident): boolean {
  return timeUs >= startUs && timeUs <= endUs + AFTER_END_US;
}

/** Microseconds from the start of the incident to the first reason gained in its stretch, or null. */
function foundAfter(incident: LabelledIncident, episodes: readonly Episode[]): number | null {
  let first = Number.POSITIVE_INFINITY;
  for (const { gainedUs } of episodes) {
    for (const timeUs of gainedUs.values()) if (isInside(timeUs, incident)) first = Math.min(first, timeUs);
  }
  return first === Number.POSITIVE_INFINITY ? null : first - incident.startUs;
}

type Sizes = 'worlds' | 'programs' | 'programDays' | 'activeProgramDays';

function sizesOf(worlds: readonly JudgedWorld[]): Pick<Score, Sizes> {
  const sum = (of: (world: JudgedWorld) => number): number => worlds.reduce((total, world) => total + of(world), 0);
  return {
    worlds: worlds.length,
    programs: sum(({ labels }) => labels.programs),
    programDays: sum(({ labels }) => labels.programs * labels.days),
    activeProgramDays: sum(({ activeProgramDays }) => activeProgramDays ?? 0),
  };
}

type Recalls = 'all' | 'mediumAndStrong' | 'fleets' | 'byKind' | 'byStrength' | 'byCamouflage';

function recallOf(outcomes: readonly Outcome[]): Pick<Score, Recalls> {
  const hasStrength = outcomes.some(({ incident }) => incident.strength !== null);
  const above = outcomes.filter(({ incident }) => incident.strength === 'medium' || incident.strength === 'strong');
  const fleets = Map.groupBy(
    outcomes.filter(({ incident }) => incident.kind === 'sibling_fleet'),
    // One that has no group is a fleet of its own.
    ({ world, incident }) => JSON.stringify([world, incident.group === null ? incident.id : { group: incident.group }]),
  );
  const foundFleets = [...fleets.values()].filter((siblings) => siblings.some(({ afterUs }) => afterUs !== null));
  return {
    all: sumUp(outcomes),
    mediumAndStrong: hasStrength ? sumUp(above) : null,
    fleets: { fleets: fleets.size, found: foundFleets.length },
    byKind: by(outcomes, INCIDENT_KINDS, ({ kind }) => kind),
    byStrength: by(outcomes, ['weak', 'medium', 'strong'], ({ strength }) => strength),
    byCamouflage: by(outcomes, ['camouflaged', 'open'], ({ camouflaged: is }) =>
      is === null ? null : is ? 'camouflaged' : 'open',
    ),
  };
}

/** One recall for each name that some incident has; the names that are known come first, in their order. */
function by(
  outcomes: readonly Outcome[],
  order: readonly string[],
  nameOf: (incident: LabelledIncident) => string | null,
): NamedRecall[] {
  const groups = Map.groupBy(outcomes, ({ incident }) => nameOf(incident));
  const others = [...groups.keys()].filter((name): name is string => name !== null && !order.includes(name));
  others.sort((a, b) => (a < b ? -1 : 1));
  return [...order, ...others].flatMap((name) => {
    const group = groups.get(name);
    return group === undefined ? [] : [{ name, ...sumUp(group) }];
  });
}

function sumUp(outcomes: readonly Outcome[]): Recall {
  const times = outcomes.flatMap(({ afterUs }) => (afterUs === null ? [] : [afterUs / 1_000_000]));
  return {
    incidents: outcomes.length,
    found: times.length,
    recall: outcomes.length === 0 ? null : times.length / outcomes.length,
    medianSecondsToDetection: medianOf(times),
  };
}

type Falsehoods =
  | 'episodes'
  | 'falseEpisodes'
  | 'precision'
  | 'falsePer1000ProgramDays'
  | 'falsePer1000ActiveProgramDays'
  | 'byReason'
  | 'falseAlarms';

function falsehoodOf(worlds: readonly JudgedWorld[], judged: readonly JudgedEpisode[]): Pick<Score, Falsehoods> {
  const { programDays, activeProgramDays } = sizesOf(worlds);
  const wrong = judged.filter(({ isFalse }) => isFalse);
  return {
    episodes: judged.length,
    falseEpisodes: wrong.length,
    precision: judged.length === 0 ? null : 1 - wrong.length / judged.length,
    falsePer1000ProgramDays: ratePer1000(wrong.length, programDays),
    falsePer1000ActiveProgramDays: activeProgramDays === 0 ? null : ratePer1000(wrong.length, activeProgramDays),
    byReason: BASELINE_REASONS.flatMap((reason) => {
      const having = judged.filter(({ episode }) => episode.gainedUs.has(reason));
      const falseEpisodes = having.filter(({ isFalse }) => isFalse).length;
      return having.length === 0 ? [] : [{ reason, episodes: having.length, falseEpisodes }];
    }),
    falseAlarms: wrong.map(falseAlarm),
  };
}

function ratePer1000(count: number, days: number): Score['falsePer1000ProgramDays'] {
  const { low, high } = poissonInterval(count);
  return { value: (1000 * count) / days, low: (1000 * low) / days, high: (1000 * high) / days };
}

function falseAlarm({ world, episode }: JudgedEpisode): FalseEpisode {
  const { id, program, startUs, endUs, results, gainedUs, eventId } = episode;
  const times = { start: instantOf(startUs), end: instantOf(endUs) };
  return { world, episode: id, program, ...times, results, reasons: [...gainedUs.keys()], eventId };
}

function missedOf(outcomes: readonly Outcome[]): MissedIncident[] {
  return outcomes.flatMap(({ world, incident: { startUs, endUs, ...incident }, afterUs }) =>
    afterUs === null ? [{ world, ...incident, start: instantOf(startUs), end: instantOf(endUs) }] : [],
  );
}

function instantOf(timeUs: number): string {
  return new Date(Math.floor(timeUs / 1000)).toISOString();
}
