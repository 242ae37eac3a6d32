/** Port: where the pages have their figures from. Put together in services/system. */
import type { InterceptionReport } from '../../schemas/report/interceptions.ts';
import type { ReportCertificate } from '../domain/report/certificate.ts';
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
  readonly checks: readonly CheckExplanation[];
  /** Where it lies and what judged it, by name. */
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  /** Proves it on the command line. */
  readonly command: string;
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
  /** Null when there is no row at this place. @throws what {@link isAway} says */
  open(partition: number, offset: number): Promise<OpenedAccess | null>;
}
