/** Port: where the pages have their figures from. Put together in services/system. */
import type { InterceptionReport } from '../../schemas/report/interceptions.ts';
import type { Disposition, Standing as ProgramStanding } from '../../schemas/codes.ts';
import type { ReportCertificate } from '../domain/report/certificate.ts';
import type { ListedProgram, ProgramFigures } from '../domain/report/program-figures.ts';
import type { AlarmCounts, AlarmRate } from '../domain/review/alarm-rate.ts';
import type { ReviewedEpisode } from '../domain/review/conclusions.ts';
import type { CheckExplanation } from '../domain/wording/explain-checks.ts';
import { LogError } from '../platform/log/event-log.ts';
import { WarehouseError } from '../platform/warehouse/warehouse.ts';
import type { ToldAccess } from './live/newest-accesses.ts';

/** The log or the warehouse cannot be asked now; waiting may help. Everything else is a bug. */
export function isAway(error: unknown): error is Error {
  return error instanceof WarehouseError || error instanceof LogError;
}

/** What the process is, for the head and foot of the page. */
export interface AboutSystem {
  readonly version: string;
  readonly logId: string;
  /** Whether programs and users are made up: the simulator is the host now, or was earlier. */
  readonly simulated: 'now' | 'earlier' | 'never';
  /** As a person writes it: the data folder, or the brokers. */
  readonly dataIn: string;
}

export interface Standing {
  /** Records of the log that are not judged yet; null while the log does not say. */
  readonly waitingRecords: number | null;
  /** Of the policy in force; null before the first one. */
  readonly policy: { readonly hash: string; readonly version: string; readonly mode: string } | null;
  /** What keeps it from going on, a sentence each; empty when all is well. */
  readonly troubles: readonly string[];
}

export interface OpenedAccess {
  readonly told: ToldAccess;
  /** Whole; what is told has it cut. */
  readonly programId: string;
  readonly verdict: string;
  /** What the rules come to before the policy's mode. */
  readonly proposed: string;
  readonly checks: readonly CheckExplanation[];
  /** Where it lies and what judged it, by name. */
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  /** Proves it on the command line. */
  readonly command: string;
}

/** A kind of data that some purpose of the declaration in force lists. */
export interface DeclaredKind {
  readonly category: string;
  /** Ids of the purposes that list it. */
  readonly purposes: readonly string[];
  /** Whether one of them has it in the background. */
  readonly isBackgroundAllowed: boolean;
}

export interface DeclaredInForce {
  readonly version: number;
  readonly developer: string;
  readonly className: string;
  readonly kinds: readonly DeclaredKind[];
}

/** What the facts of the log say of a program now. */
export interface ProgramFacts {
  /** Null: it never declared anything. */
  readonly declared: DeclaredInForce | null;
  /** Null: active. `until` is RFC 3339, or null where it does not lapse. */
  readonly standing: { readonly state: ProgramStanding; readonly until: string | null } | null;
  /** Restricted kinds of data that are open to it now; until when, RFC 3339, null where that does not lapse. */
  readonly entitlements: ReadonlyMap<string, string | null>;
}

export interface ToldAlarm extends ReviewedEpisode {
  /** What was compared, and what the score is made of; empty where the row of its highest score does not say. */
  readonly found: string;
  /** Concludes it on the command line, but for what was found and by whom. */
  readonly command: string;
}

/** What somebody concludes about an alarm. */
export interface Conclusion {
  readonly partition: number;
  /** Of any of its results. */
  readonly offset: number;
  readonly disposition: Disposition;
  readonly by: string;
  readonly note: string;
}

export interface Alarms {
  /** Newest first, at most as many as were asked for. */
  readonly told: readonly ToldAlarm[];
  readonly measured: AlarmCounts & AlarmRate;
}

/** One hour of a program, judged as a series. */
export interface ShownHour {
  /** Milliseconds since 1970 of its beginning. */
  readonly startMs: number;
  readonly value: number;
  /** At that time of the day; null on the first day. */
  readonly usual: number | null;
}

export interface ProgramPage {
  readonly program: string;
  readonly facts: ProgramFacts;
  readonly figures: ProgramFigures;
  /** The latest hours of each kind of data, those with most accesses first. */
  readonly hours: readonly { readonly category: string; readonly hours: readonly ShownHour[] }[];
  readonly alarms: readonly ToldAlarm[];
  readonly newest: readonly ToldAccess[];
  /** What says more on the command line. */
  readonly commands: readonly string[];
}

export interface ConsoleSource {
  readonly about: AboutSystem;
  standing(): Promise<Standing>;
  /** Of the whole log: what `ntk report` says. @throws what {@link isAway} says */
  report(): Promise<InterceptionReport>;
  /** @throws what {@link isAway} says */
  certified(): Promise<{ readonly report: InterceptionReport; readonly certificate: ReportCertificate }>;
  /** @throws what {@link isAway} says */
  newest(): Promise<readonly ToldAccess[]>;
  /** The programs to look at first. @throws what {@link isAway} says */
  programs(): Promise<readonly ListedProgram[]>;
  /** Null when nothing was ever heard of it. @throws what {@link isAway} says */
  program(id: string): Promise<ProgramPage | null>;
  /** @param isOpen those that nobody has reviewed alone. @throws what {@link isAway} says */
  alarms(isOpen: boolean): Promise<Alarms>;
  /** Says it in the log. The name of the alarm, or null when no alarm has a result there. @throws what {@link isAway} says */
  conclude(conclusion: Conclusion): Promise<string | null>;
  /** Null when there is no row at this place. @throws what {@link isAway} says */
  open(partition: number, offset: number): Promise<OpenedAccess | null>;
}
