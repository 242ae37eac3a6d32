/** What a feature compared, in numbers that a person can check: what was seen, what is ordinary, how much would have been. */
import type { Compared } from '../verdict/findings.ts';
import type { Baselines } from './baselines.ts';
import {
  BACKGROUND,
  CALLS,
  FEATURE_COUNT,
  FEATURES,
  FIRST,
  NOVEL,
  QUIET,
  RAMP,
  RATE,
  REASON_OF_FEATURE,
  RHYTHM,
  ROWS,
  SHARE,
  SIBLINGS,
  USERS,
} from './features.ts';
import type { FirstCounted, Measured } from './sighting.ts';
import { P_SCALE, programRow } from './state/program-rows.ts';
import { evidentFrom, ordinaryFrom, ordinaryUpTo } from './surprise.ts';
import { RAMP_ODDS, RATIO_USES, RATIO_WEIGHT, SCALE_HOURS } from './tuning.ts';

/** A contribution of at least this part of the largest is worth a sentence of its own. */
const TOLD_SHARE = 0.5;

/** What is counted, of what, by feature. */
const WORDS: Readonly<Record<number, readonly [counted: string, of: string]>> = {
  [SHARE]: ['usesOfCategory', 'usesOfProgram'],
  [CALLS]: ['callsOfCategory', 'callsOfProgram'],
  [BACKGROUND]: ['usesInBackground', 'usesOfCategory'],
  [USERS]: ['usersReached', 'calls'],
  [NOVEL]: ['usesOfNewCategory', 'usesOfProgram'],
  [RAMP]: ['usesOfCategory', 'usesOfProgram'],
};

const FIRST_WORDS: Readonly<Record<FirstCounted, readonly [counted: string, of: string]>> = {
  uses: ['usesOfCategory', 'usesOfProgram'],
  background: ['usesInBackground', 'usesOfCategory'],
  visits: ['usersReached', 'callsOfProgram'],
};

function wordsOf(feature: number, { counted }: Measured): readonly [counted: string, of: string] {
  return feature === FIRST ? FIRST_WORDS[counted] : WORDS[feature]!;
}

/**
 * The features behind an alarm, by reason: the one with the largest contribution of each reason, and only reasons that say at least half of
 * what the strongest says; an even rhythm wherever it contributes, for nothing else says as much. In the order of the features.
 */
export function toldFeatures({ contributions, largest }: Baselines): number[] {
  const byReason = new Map<string, number>();
  for (let feature = 0; feature < FEATURE_COUNT; feature++) {
    const contribution = contributions[feature]!;
    if (feature !== largest && feature !== RHYTHM && contribution < TOLD_SHARE * contributions[largest]!) continue;
    if (contribution === 0) continue;
    const reason = REASON_OF_FEATURE[FEATURES[feature]!];
    const before = byReason.get(reason);
    if (before === undefined || contributions[before]! < contribution) byReason.set(reason, feature);
  }
  return [...byReason.values()];
}

/** @param slot the program's */
export function comparedBy(baselines: Baselines, feature: number, slot: number): Compared {
  const measured = baselines.surprises.measured[feature]!;
  const { known } = baselines;
  const scale = known.programs.cellsOf(slot)[programRow(slot) + P_SCALE + feature]!;
  const ordinaryNats = known.calibrations[feature]!.ordinaryNats * scale;
  return {
    observed: { feature: FEATURES[feature]!, ...observedBy(feature, measured) },
    expected: expectedBy(feature, measured, ordinaryNats),
  };
}

function observedBy(feature: number, measured: Measured): Record<string, unknown> {
  const { x, n } = measured;
  const window = hoursOf(measured);
  switch (feature) {
    case ROWS:
      return { ...window, calls: whole(n), typicalVolume: volumeOf(x) };
    case RATE:
    case QUIET:
      return { ...window, usesOfProgram: whole(x) };
    case SIBLINGS:
      return { ...window, siblingsAboveTheirShare: whole(x), siblings: whole(n) };
    case RHYTHM:
      return { intervalSeconds: whole(x), intervalsInARow: whole(n) };
    default: {
      const [counted, of] = wordsOf(feature, measured);
      return { ...window, [counted]: whole(x), [of]: whole(n) };
    }
  }
}

function expectedBy(feature: number, measured: Measured, nats: number): Record<string, unknown> {
  const { x, n, p, inflation } = measured;
  switch (feature) {
    case ROWS:
      return { typicalVolume: volumeOf(p), ordinaryUpTo: volumeOf(p + Math.sqrt(2 * nats * inflation)) };
    case RATE:
    case QUIET:
      return { usesOfProgram: tenths(p), ordinaryUpTo: whole(Math.exp(nats / RATIO_WEIGHT) * (p + RATIO_USES) - RATIO_USES) };
    case SIBLINGS:
      return {
        siblingsAboveTheirShare: tenths(n * p),
      };
    case RAMP:
      // Up to there the evidence does not grow.
      return { usesOfCategory: tenths(p * n), ordinaryUpTo: Math.floor(n * evidentFrom(p, RAMP_ODDS)) };
    case RHYTHM:
      return { intervals: 'irregular, as people are' };
    default: {
      const [counted] = wordsOf(feature, measured);
      const trials = Math.max(n, x);
      return {
        [counted]: tenths(p * n),
        from: ordinaryFrom(trials, p, inflation, nats),
        ordinaryUpTo: ordinaryUpTo(trials, p, inflation, nats),
      };
    }
  }
}

/** A window looks back between one and two of its lengths where the block before is part of it. */
function hoursOf({ scale, blocks }: Measured): { readonly withinHours: number } {
  return { withinHours: SCALE_HOURS[scale]! * (blocks + 1) };
}

/** Rows times bytes, each with one added: what the sum of their logarithms stands for. */
function volumeOf(logarithm: number): number {
  return tenths(Math.exp(logarithm));
}

function whole(value: number): number {
  return Math.round(value);
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
