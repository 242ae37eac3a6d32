/** One program of the made-up platform. */
import { type Chance, hash, mix } from '../chance/chance.ts';
import { exp } from '../chance/exact-math.ts';
import { HOUR_MS } from '../spans.ts';
import { CLASSES, type ProgramClass } from './classes.ts';
import { type Habits, noHabits } from './habits.ts';
import { programName, type Region, UTC_OFFSET_HOURS } from './names.ts';
import { type Need, type NeedName, NEEDS } from './needs.ts';
import { weekOf } from './seasons.ts';

export interface Developer {
  readonly name: string;
  readonly region: Region;
  /** Mostly does what it declared. */
  readonly isHonest: boolean;
}

/** A need as this program has it. */
export interface Ask {
  readonly need: Need;
  /** Compared with its other asks; 0: declared, and never called. */
  readonly weight: number;
  /** The declaration limits rows and bytes a call. */
  readonly isLimited: boolean;
  /** The declaration allows it off screen. */
  readonly isBackground: boolean;
  /** Declared from the second version on. */
  readonly isLater: boolean;
}

export interface Program {
  readonly id: string;
  /** Of its own random streams. */
  readonly salt: number;
  readonly name: string;
  readonly kind: ProgramClass;
  readonly developer: Developer;
  readonly isHonest: boolean;
  isDeclared: boolean;
  /** 0 is the busiest. */
  readonly rank: number;
  /** Share of all the world's accesses. */
  weight: number;
  /** People who come regularly; others come when there is a reason. */
  readonly regulars: number;
  readonly offsetMs: number;
  readonly week: Float64Array;
  readonly visitAccesses: number;
  readonly asks: readonly Ask[];
  /** Of {@link asks} that are called from the first version on; with the sums of their weights up to each. */
  readonly called: readonly Ask[];
  readonly calledUpTo: Float64Array;
  /** Domain of its own site; declared. */
  readonly host: string;
  readonly habits: Habits;
}

interface ProgramPlace {
  readonly seed: number;
  readonly index: number;
  /** Another one makes another program of the same index. */
  readonly generation: number;
  readonly rank: number;
  readonly developer: Developer;
  readonly regulars: number;
}

/** `wx` and 16 hexadecimal digits, as the ids of real mini-programs. */
function programId(salt: number): string {
  const hex = (value: number): string => mix(value).toString(16).padStart(8, '0');
  return `wx${hex(salt)}${hex(salt ^ 0x3c6ef372)}`;
}

/** In the order of their frequency: the more programs a class has, the sooner it comes. */
function classIndexOf(chance: Chance): number {
  return chance.weighted(CLASSES.map(({ frequency }) => frequency));
}

const WEEKS = CLASSES.map(({ shape, weekend }) => weekOf(shape, weekend));

export function makeProgram({ seed, index, generation, rank, developer, regulars }: ProgramPlace, chance: Chance): Program {
  const salt = hash(seed, index, generation);
  chance.at(salt, 0x70);
  const classIndex = classIndexOf(chance);
  const kind = CLASSES[classIndex]!;
  const upgrades = chance.isBelow(0.2);
  const asks = asksOf(kind, upgrades, chance);
  const called = asks.filter(({ weight, isLater }) => weight > 0 && !isLater);
  const calledUpTo = new Float64Array(called.length);
  called.reduce((sum, { weight }, i) => (calledUpTo[i] = sum + weight), 0);
  const id = programId(salt);
  return {
    id,
    salt,
    name: programName(chance, developer.region, classIndex),
    kind,
    developer,
    isHonest: developer.isHonest,
    isDeclared: true,
    rank,
    // Zipf's law over the ranks, with a spread of its own: 0.9 ln(rank) and a standard deviation of 0.35.
    weight: exp(0.35 * chance.normal()),
    regulars,
    offsetMs: UTC_OFFSET_HOURS[developer.region] * HOUR_MS,
    week: WEEKS[classIndex]!,
    visitAccesses: kind.visitAccesses * chance.within(0.85, 1.15),
    asks,
    called,
    calledUpTo,
    host: `${id.slice(2, 10)}.example`,
    habits: noHabits(),
  };
}

/** The first two of the class, and each of the others or not. */
function asksOf(kind: ProgramClass, upgrades: boolean, chance: Chance): Ask[] {
  const asks: Ask[] = [];
  const entries = Object.entries(kind.needs) as [NeedName, number][];
  const isLimited = chance.isBelow(0.7);
  let hasLater = false;
  for (const [i, [name, weight]] of entries.entries()) {
    const need: Need = NEEDS[name];
    const isKept = i < 2 || chance.isBelow(0.6);
    // Of what it does not call, some is declared all the same: real manifests are full of that.
    const isSpare = !isKept && need.purpose !== '' && chance.isBelow(0.35);
    // What the second version brings does not come by another way before.
    if ((!isKept && !isSpare) || asks.some((ask) => ask.isLater && ask.need.category === need.category)) continue;
    const isLater: boolean =
      isKept &&
      i >= 2 &&
      upgrades &&
      !hasLater &&
      need.purpose !== '' &&
      !asks.some((ask) => ask.need.category === need.category);
    hasLater ||= isLater;
    asks.push({
      need,
      weight: isSpare ? 0 : weight * chance.within(0.5, 1.5),
      isLimited,
      isBackground:
        kind.background > 0 && (need.category === 'location' || need.category === 'health' || need.category === 'bluetooth'),
      isLater,
    });
  }
  return asks;
}
