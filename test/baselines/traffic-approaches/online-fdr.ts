/**
 * False discovery control of a stream of p-values: how much of `alpha` a test may spend follows from how many were made and how many
 * rejected. LORD++ (Ramdas, Yang, Wainwright & Jordan 2017) and SAFFRON (Ramdas, Zrnic, Wainwright & Jordan 2018).
 */
import type { WorldSurprises } from './alarms.ts';
import { largestOf } from './platform-ranks.ts';
import { type Surprises, WARM_UP_HOURS } from './surprises.ts';

/** Judges the next p-value of the stream. @returns whether it is rejected, which is to alarm */
export type OnlineTest = (p: number) => boolean;

/** Discoveries that still give wealth; older ones have spent theirs. */
const DISCOVERIES_MAX = 500;

/** Spending by LORD's authors: log(j) / (j exp(sqrt(log j))), normalised. */
function lordShare(j: number): number {
  return (0.0722 * Math.log(Math.max(j, 2))) / (j * Math.exp(Math.sqrt(Math.log(j))));
}

/** Spending by SAFFRON's authors: j^-1.6, normalised. */
function saffronShare(j: number): number {
  return j ** -1.6 / 2.2858;
}

/** What a test may spend: half of alpha from the beginning, the other half from the first discovery on, alpha from each later one. */
function wealth(alpha: number, now: number, discoveries: readonly number[], share: (j: number) => number): number {
  let sum = (alpha / 2) * share(now + 1);
  for (const [index, at] of discoveries.entries()) sum += (index === 0 ? alpha / 2 : alpha) * share(now - at + 1);
  return sum;
}

export function lord(alpha: number): OnlineTest {
  const discoveries: number[] = [];
  let tests = 0;
  return (p) => {
    const isRejected = p <= wealth(alpha, tests, discoveries, lordShare);
    tests += 1;
    if (isRejected) remember(discoveries, tests);
    return isRejected;
  };
}

/** Tests with p at most this may be discoveries at all, and cost nothing; all others are taken for what the null looks like. */
const CANDIDATE = 0.5;

export function saffron(alpha: number): OnlineTest {
  const discoveries: number[] = [];
  let others = 0;
  return (p) => {
    const level = Math.min(CANDIDATE, (1 - CANDIDATE) * wealth(alpha, others, discoveries, saffronShare));
    if (p > CANDIDATE) others += 1;
    const isRejected = p <= level;
    if (isRejected) remember(discoveries, others);
    return isRejected;
  };
}

/** The first discovery stays: it is the one that gives less. */
function remember(discoveries: number[], at: number): void {
  discoveries.push(at);
  if (discoveries.length > DISCOVERIES_MAX) discoveries.splice(1, 1);
}

/** 1 where the test rejects, 0 elsewhere. `ranks`: -ln p. Program-hours are one stream, hour by hour, program by program. */
export function rejected({ world, surprises }: WorldSurprises, test: OnlineTest): WorldSurprises {
  const found: Surprises = new Map(
    [...surprises.keys()].map((reason) => [reason, world.programs.map(() => new Float32Array(world.hours))]),
  );
  for (let hour = 0; hour < world.hours; hour++) {
    for (const [index, { firstHour }] of world.programs.entries()) {
      if (hour < firstHour + WARM_UP_HOURS) continue;
      const { most, reason } = largestOf(surprises, index, hour);
      if (test(Math.exp(-most)) && most > 0) found.get(reason)![index]![hour] = 1;
    }
  }
  return { world, surprises: found };
}
