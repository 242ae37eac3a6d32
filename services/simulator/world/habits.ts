/**
 * What programs do that a check finds. Each habit has a share of the programs, so that every reason occurs in every world; the programs of
 * sloppy developers are the first to have it, and honest ones slip only now and then.
 */
import type { Category } from '../../../schemas/codes.ts';
import type { Chance } from '../chance/chance.ts';
import type { Program } from './program.ts';

/** Deviations of a single access. */
export const DEVIATIONS = [
  'purpose_missing',
  'purpose_unknown',
  'purpose_mismatch',
  'background_access',
  'excess_fields',
  'excess_volume',
  'undeclared_category',
  'unmapped_api',
  'external_link',
  'download_link',
  'reveals_friends',
] as const;
export type Deviation = (typeof DEVIATIONS)[number];

/** Share of the programs that have it, and how often one of their accesses deviates. */
const DEVIATION_SHARES: Readonly<Record<Deviation, readonly [programs: number, accesses: number]>> = {
  purpose_missing: [0.05, 0.05],
  purpose_unknown: [0.025, 0.06],
  purpose_mismatch: [0.025, 0.05],
  background_access: [0.025, 0.03],
  excess_fields: [0.03, 0.05],
  excess_volume: [0.03, 0.04],
  undeclared_category: [0.05, 0.03],
  unmapped_api: [0.02, 0.02],
  external_link: [0.04, 0.02],
  download_link: [0.02, 0.015],
  reveals_friends: [0.02, 0.03],
};

/** Programs without any declaration. */
const UNDECLARED_SHARE = 0.03;
/** Of any program: a release with a mistake, an old page that is still open. */
const SLIP = 0.0004;

export interface Habits {
  /** Each deviation's chance an access, in the order of {@link DEVIATIONS}. */
  readonly deviations: number[];
  /** Their sum. */
  deviating: number;
  /** Shares of its users whom it never asks, whom it enrols without asking. */
  neverAsks: number;
  enrols: number;
  /** Goes on after a user has withdrawn; does not ask again when a new version needs more. */
  ignoresWithdrawal: boolean;
  neverAsksAgain: boolean;
  /** Share of the visits in which a loop calls far too often. */
  loops: number;
}

export function noHabits(): Habits {
  return {
    deviations: new Array<number>(DEVIATIONS.length).fill(0),
    deviating: 0,
    neverAsks: 0.001,
    enrols: 0,
    ignoresWithdrawal: false,
    neverAsksAgain: false,
    loops: 0,
  };
}

/** Busiest programs that do nothing wrong on purpose: everybody watches them, and one of them would be half of all findings. */
const WATCHED = 6;
const WATCHED_SHARE_MAX = 0.1;

/** Those that are used, but not watched by everybody: the sloppy first, otherwise in random order. */
export function candidates(programs: readonly Program[], chance: Chance): Program[] {
  const watched = Math.min(WATCHED, Math.floor(programs.length * WATCHED_SHARE_MAX));
  const busy = programs.filter(({ rank }) => rank >= watched && rank < programs.length / 2);
  const shuffled = chance.shuffled(busy.length > 0 ? busy : programs);
  return [...shuffled.filter((program) => !program.isHonest), ...shuffled.filter((program) => program.isHonest)];
}

/** At least one of them all. */
export function quota(share: number, programs: number): number {
  return Math.max(1, Math.round(share * programs));
}

/** What a user would be asked about, and that the second version of a declaration may bring. */
const ASKED_ABOUT: readonly Category[] = [
  'location',
  'photos',
  'camera',
  'microphone',
  'phone_number',
  'address',
  'files',
  'contacts',
  'health',
];

function bringsMore({ isDeclared, asks }: Program): boolean {
  return isDeclared && asks.some(({ isLater, need }) => isLater && ASKED_ABOUT.includes(need.category));
}

export function assignHabits(programs: readonly Program[], chance: Chance): void {
  const some = (share: number, may: (program: Program) => boolean = () => true): Program[] =>
    candidates(programs, chance).filter(may).slice(0, quota(share, programs.length));
  const isDeclared = ({ isDeclared: declared }: Program): boolean => declared;
  // What many use has a declaration, or the platform would not run it.
  for (const program of some(UNDECLARED_SHARE, ({ rank }) => rank >= programs.length * 0.2)) program.isDeclared = false;

  for (const [index, deviation] of DEVIATIONS.entries()) {
    const [share, accesses] = DEVIATION_SHARES[deviation];
    for (const { habits } of programs) habits.deviations[index] = SLIP / DEVIATIONS.length;
    for (const { habits } of some(share, isDeclared)) habits.deviations[index] = accesses * chance.withinFactors(0.5, 2);
  }
  for (const { habits } of programs) habits.deviating = habits.deviations.reduce((sum, each) => sum + each, 0);
  for (const { habits } of some(0.03, isDeclared)) habits.neverAsks = chance.within(0.1, 0.4);
  for (const { habits } of some(0.04, isDeclared)) habits.enrols = chance.within(0.3, 0.8);
  for (const { habits } of some(0.08, isDeclared)) habits.ignoresWithdrawal = true;
  for (const { habits } of some(0.04, bringsMore)) habits.neverAsksAgain = true;
  // Only where the limits of a policy would notice: calls for the position.
  for (const { habits } of some(0.02, (program) => program.asks.some(({ need }) => need.category === 'location')))
    habits.loops = chance.within(0.01, 0.04);
}
