/**
 * The made-up platform: developers, programs and users, all from a seed. Nothing here knows the time; what happens is the story's
 * (story/story.ts), and who does what when is the traffic's (traffic/traffic.ts).
 */
import { Chance, hash, mix } from '../chance/chance.ts';
import { power } from '../chance/exact-math.ts';
import { assignHabits, quota } from './habits.ts';
import { developerName, REGION_SHARES, REGIONS } from './names.ts';
import { type Developer, makeProgram, type Program } from './program.ts';

export const PROGRAMS_MAX = 100_000;
/** Regular users of a program on average; a few have thousands, most a handful. */
const REGULARS_MEAN = 60;
/** (program, user) pairs of the whole world: each costs a byte here and a consent there. */
const REGULARS_MAX = 400_000;
/** Share of the programs that come into being while the story goes on. */
const LAUNCH_SHARE = 0.05;
/** Zipf's exponent of the programs' traffic. */
const ZIPF = 0.9;

const DEVELOPERS = 0x6465;
const PROGRAMS = 0x7072;
const HABITS = 0x6861;

export interface World {
  readonly seed: number;
  readonly developers: readonly Developer[];
  /** The busiest first; their weights sum to 1. */
  readonly programs: readonly Program[];
  /** Programs that each story launches. */
  readonly launches: number;
  /** Users of the platform: a power of two, so that a program reaches each of them in an order of its own. */
  readonly population: number;
}

/** `programs` from 2 to {@link PROGRAMS_MAX}, those that are launched later among them. */
export function makeWorld(seed: number, programs: number): World {
  const chance = new Chance(seed, DEVELOPERS);
  const developers = makeDevelopers(chance, Math.max(2, Math.ceil(programs / 3.5)));
  const launches = programs < 4 ? 0 : quota(LAUNCH_SHARE, programs);
  const established = programs - launches;
  const regulars = regularsOf(established);
  const made = Array.from({ length: established }, (_, rank) => {
    const developer = developerOf(developers, hash(seed, PROGRAMS, rank));
    const place = { seed, index: rank, generation: 0, rank, developer, regulars: regulars[rank]! };
    return makeProgram(place, chance);
  });
  let sum = 0;
  for (const program of made) {
    program.weight *= power(program.rank + 1, -ZIPF);
    sum += program.weight;
  }
  for (const program of made) program.weight /= sum;
  assignHabits(made, chance.at(seed, HABITS));
  const most = Math.max(...regulars.slice(0, 1), 1) * 8;
  let population = 4_096;
  while (population < most || population < programs * 20) population *= 2;
  return { seed, developers, programs: made, launches, population };
}

/** A program that begins in story `generation`; `slot` below {@link World.launches}. Of an ordinary size, whoever makes it. */
export function launchedProgram(
  { seed, developers, programs }: World,
  generation: number,
  slot: number,
  chance: Chance,
): Program {
  const index = programs.length + slot;
  const rank = Math.min(programs.length - 1, Math.floor(programs.length * 0.15));
  const developer = developerOf(developers, hash(seed, PROGRAMS ^ generation, index));
  const program = makeProgram({ seed, index, generation: generation + 1, rank, developer, regulars: 400 }, chance);
  program.weight *= programs[rank]!.weight * 2;
  return program;
}

/** The pseudonym of a program's `index`-th user. Different for each index below the population. */
export function userOf({ seed, population }: World, { salt }: Program, index: number): string {
  // An odd step visits every residue of a power of two.
  const place = (salt + Math.imul(index, salt | 1)) & (population - 1);
  return `u_${mix(place ^ mix(seed))
    .toString(16)
    .padStart(8, '0')}`;
}

/** As the traffic, but less unequal: many visits of the big ones are the same people's. */
function regularsOf(programs: number): number[] {
  const sizes = Array.from({ length: programs }, (_, rank) => power(rank + 1, -0.7));
  const sum = sizes.reduce((total, size) => total + size, 0);
  const all = Math.min(REGULARS_MAX, REGULARS_MEAN * programs);
  return sizes.map((size) => Math.max(4, Math.round((all * size) / sum)));
}

/** Agencies make dozens of programs, most developers one or two. */
function developerOf(developers: readonly Developer[], bits: number): Developer {
  const u = bits / 2 ** 32;
  return developers[Math.floor(developers.length * u * u * u)]!;
}

function makeDevelopers(chance: Chance, count: number): Developer[] {
  const taken = new Set<string>();
  return Array.from({ length: count }, () => {
    const region = REGIONS[chance.weighted(REGION_SHARES)]!;
    const name = developerName(chance, region, taken);
    const isHonest = chance.isBelow(0.76);
    return { name, region, isHonest };
  });
}
