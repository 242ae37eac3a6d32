/**
 * Ratios that were reached, stored, and whether a run still reaches them. Ratios and not figures: a machine or a neighbour changes
 * both parts of one.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { SIZES } from './benchmark.ts';
import type { Report } from './report.ts';

const storedSchema = z.strictObject({
  /** What was reached. */
  ratio: z.number().positive(),
  /** The share of it that may be missing: 0.1 lets a ratio of 0.5 come down to 0.45. */
  tolerance: z.number().min(0).max(0.9),
});
const ratiosSchema = z.partialRecord(z.enum(SIZES), z.record(z.string(), storedSchema));
/** By size, then by `BENCHMARK RATIO`. Compiling weighs more in small sizes, so that each has its own. */
export type StoredRatios = z.infer<typeof ratiosSchema>;

export const TOLERANCE_DEFAULT = 0.15;

export function readRatios(path: string): StoredRatios {
  return ratiosSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
}

/** One line for each ratio that fell below what it may; none: all is as it was. */
export function fallen(report: Report, stored: StoredRatios): string[] {
  const known = stored[report.size] ?? {};
  return measuredRatios(report).flatMap(({ name, ratio }) => {
    const before = known[name];
    if (before === undefined) return [];
    const least = before.ratio * (1 - before.tolerance);
    if (ratio >= least) return [];
    return [`${name} fell: stored ${words(before.ratio)}, measured ${words(ratio)}, at least ${words(least)} is asked for`];
  });
}

/** Names of what was compared. */
export function compared(report: Report, stored: StoredRatios): string[] {
  const known = stored[report.size] ?? {};
  return measuredRatios(report).flatMap(({ name }) => (known[name] === undefined ? [] : [name]));
}

/** What was measured takes the place of what was stored; tolerances stay, and so does what was not measured. */
export function updated(report: Report, stored: StoredRatios): StoredRatios {
  const known = { ...stored[report.size] };
  for (const { name, ratio } of measuredRatios(report))
    known[name] = { ratio: Number(ratio.toPrecision(3)), tolerance: known[name]?.tolerance ?? TOLERANCE_DEFAULT };
  return { ...stored, [report.size]: Object.fromEntries(Object.entries(known).toSorted(([a], [b]) => (a < b ? -1 : 1))) };
}

export function writeRatios(path: string, ratios: StoredRatios): void {
  writeFileSync(path, `${JSON.stringify(ratios, null, 2)}\n`);
}

function measuredRatios({ benchmarks }: Report): { readonly name: string; readonly ratio: number }[] {
  return benchmarks.flatMap(({ name, ratios }) =>
    Object.entries(ratios).map(([ratio, value]) => ({ name: `${name} ${ratio}`, ratio: value })),
  );
}

function words(ratio: number): string {
  return ratio.toPrecision(3);
}
