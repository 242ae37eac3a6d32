/** Counts as people read and say them: wherever one thing is spoken of like many, somebody stumbles. */
import type { LimitCost } from '../../../schemas/codes.ts';

/** A number as people read it: 1,234,567. */
export function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

/** A rate or a score: three digits are what a person compares. */
export function threeDigits(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** So many of a thing: 1 program, 1,234 programs, 2 accesses, 2 ledger entries. */
export function counted(count: number, thing: string): string {
  return `${grouped(count)} ${thingOf(count, thing)}`;
}

/** So many of a thing, and its verb: 1 record is, 2 records are. */
export function countedAre(count: number, thing: string): string {
  return `${counted(count, thing)} ${areOf(count)}`;
}

/** The thing alone, as it is called when there are so many: program, programs. */
export function thingOf(count: number, thing: string): string {
  if (count === 1) return thing;
  if (/[^aeiou]y$/.test(thing)) return `${thing.slice(0, -1)}ies`;
  return thing.endsWith('s') ? `${thing}es` : `${thing}s`;
}

export function areOf(count: number): 'is' | 'are' {
  return count === 1 ? 'is' : 'are';
}

export function wereOf(count: number): 'was' | 'were' {
  return count === 1 ? 'was' : 'were';
}

/** What so many do: 1 waits, 2 wait; 1 has, 2 have; 1 passes, 2 pass. */
export function verbOf(count: number, verb: string): string {
  if (count !== 1) return verb;
  if (verb === 'have') return 'has';
  return /[os]$/.test(verb) ? `${verb}es` : `${verb}s`;
}

interface Allowance {
  readonly count: number;
  readonly cost: LimitCost;
  readonly per: string;
}

/** As a policy says it: 1 call per 1m, 5000 rows per 1h. */
export function allowanceInWords({ count, cost, per }: Allowance): string {
  return `${count} ${count === 1 ? cost.slice(0, -1) : cost} per ${per}`;
}
