/** What the parts of the other world are: times in milliseconds since 1970, rates in accesses a day. */
import type { Category } from '../../../schemas/codes.ts';
import type { IncidentKind } from '../../../schemas/simulation/labels.ts';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export type WorldOptions = {
  readonly seed: number;
  readonly programs: number;
  readonly days: number;
  readonly incidents: boolean;
  /** 1: as over-dispersed as real traffic is; scales every spread below. */
  readonly dispersion: number;
};

export type Access = {
  /** Event time. */
  time: number;
  user: string;
  category: Category;
  foreground: boolean;
  rows: number;
  bytes: number;
  page: string;
  /** The incident that added or changed it; never written into an event. */
  evidenceOf?: string;
};

/** How many rows one call returns: always one, log-normal, or Pareto. */
export type RowsShape = {
  readonly kind: 'one' | 'log-normal' | 'pareto';
  readonly typical: number;
  readonly spread: number;
  readonly rowBytes: number;
};

export type Promotion = { readonly start: number; readonly end: number; readonly factor: number; readonly newcomers: number };
export type Feature = {
  readonly declaredAt: number;
  readonly usedFrom: number;
  readonly category: Category;
  readonly share: number;
};

export type Program = {
  readonly id: string;
  readonly developer: string;
  readonly className: string;
  /** Accesses on an ordinary day. */
  readonly perDay: number;
  readonly zoneHours: number;
  /** Weight of each local hour, mean 1. */
  readonly hours: readonly number[];
  readonly weekend: number;
  readonly growthPerDay: number;
  readonly bornAt: number;
  /** Days until a launch is at two thirds of its rate; 0: there at once. */
  readonly launchDays: number;
  /** Standard deviation and hourly correlation of the log of its rate. */
  readonly rateSigma: number;
  readonly rateMemory: number;
  readonly categories: readonly Category[];
  readonly mix: readonly number[];
  readonly mixConcentration: number;
  readonly rows: ReadonlyMap<Category, RowsShape>;
  readonly background: number;
  readonly backgroundConcentration: number;
  readonly backgroundAtNight: number;
  readonly mayRunInBackground: boolean;
  readonly visitLength: number;
  readonly pauseSeconds: number;
  readonly regulars: number;
  readonly regularShare: number;
  readonly heaviness: number;
  readonly retries: number;
  readonly tripSeconds: number | undefined;
  readonly refreshMinutes: number | undefined;
  readonly refreshJitter: number;
  readonly promotions: readonly Promotion[];
  readonly feature: Feature | undefined;
  /** Declared from the first day and never used by an honest developer. */
  readonly spare: Category;
};

export type Strength = 'weak' | 'medium' | 'strong';
export type Incident = {
  readonly id: string;
  readonly program: string;
  readonly kind: IncidentKind;
  readonly category: Category;
  readonly start: number;
  readonly end: number;
  readonly strength: Strength;
  readonly camouflaged: boolean;
  readonly factor: number;
  readonly group?: string;
};

/** What happens to everybody: days with another rate, and stretches in which hosts could not report. */
export type Calendar = {
  readonly start: number;
  readonly end: number;
  readonly holidays: readonly { readonly day: number; readonly sensitivity: number }[];
  readonly outages: readonly {
    readonly start: number;
    readonly end: number;
    readonly lost: number;
    readonly restamped: number;
  }[];
};
