/**
 * `ntk.prior`: knowledge across programs, made by an aggregator from results (contracts.md section 1.7). Any object is accepted: one of a kind
 * that this engine does not know, or whose numbers do not fit, has no effect. Every number is bounded, because what arrives is hostile.
 */
import { z } from 'zod';
import { filledText } from '../fields.ts';

/** Of one record, so that it stays far below the 1 MiB that a record may have: a class takes up to 5 kB, a fleet 500 bytes. */
export const PRIOR_CLASSES_MAX = 64;
export const PRIOR_FLEETS_MAX = 512;
/** UTF-16 units of a class's and of a developer's name; longer ones are in no prior. */
export const PRIOR_NAME_MAX = 200;
/** Beyond, numbers say nothing. */
export const FLEET_NATS_MAX = 200;
/** Days of a week by their kind, working or weekend, and hours of them. */
export const WEEK_HOURS = 48;

const name = filledText.max(PRIOR_NAME_MAX);
const share = z.number().min(0).max(1);
const days = z.number().min(0).max(1e12);
const members = z.int().min(0).max(1e9);
/** ln(1 + rows) + ln(1 + bytes) is below 74, whatever a call returned. */
const VOLUME_MAX = 80;

const categoryPrior = z.object({
  category: filledText,
  share: share.describe('Mean part of a program-day’s uses that are of this category.'),
  shareSquare: share.describe('Mean of its square.'),
  days: days.describe('Program-days with the category. Of these the rest are means.'),
  background: share.describe('Part of its uses in the background.'),
  visits: share.describe('Part of its calls that begin a visit.'),
  volume: z.number().min(0).max(VOLUME_MAX).describe('ln(1 + rows) + ln(1 + bytes) of a call.'),
  volumeSquare: z
    .number()
    .min(0)
    .max(VOLUME_MAX ** 2),
});
export type CategoryPrior = z.infer<typeof categoryPrior>;

const classPrior = z.object({
  name,
  days: days.describe('Program-days that it is learned from, each worth at most one.'),
  visits: z.object({ days, mean: share, square: share }).describe('Part of a day’s calls that begin a visit.'),
  week: z
    .object({ days, hours: z.array(z.number().min(0).max(2)).length(WEEK_HOURS) })
    .describe('Parts of a program’s mean day: hours of a working day, then of a day of the weekend; they sum to two.'),
  categories: z.array(categoryPrior).max(256),
});
export type ClassPrior = z.infer<typeof classPrior>;

const fleetPrior = z.object({
  developer: name,
  category: filledText,
  scaleHours: z.int().min(1).max(168).describe('Length of the blocks of time.'),
  block: z.int().min(0).max(1e8).describe('Hours since 1970 by their length, rounded down.'),
  nats: z.number().min(0).max(FLEET_NATS_MAX).describe('How surprising the developer’s programs are together.'),
  inExcess: members.describe('Programs above their share.'),
  members: members.describe('Programs that were looked at.'),
});
export type FleetPrior = z.infer<typeof fleetPrior>;

export const classesPriorSchema = z
  .object({ kind: z.literal('classes'), classes: z.array(classPrior).max(PRIOR_CLASSES_MAX) })
  .describe(
    'What programs of a class do. The latest word about a class counts, where a partition has seen fewer days of it itself.',
  );
export const fleetsPriorSchema = z
  .object({ kind: z.literal('fleets'), fleets: z.array(fleetPrior).max(PRIOR_FLEETS_MAX) })
  .describe(
    'Programs of one developer that together take more of a category than their share, over all partitions. It counts during its block and ' +
      'the next, for a program that is above its share itself.',
  );

export const priorSchema = z
  .union([classesPriorSchema, fleetsPriorSchema, z.looseObject({})])
  .describe('Class priors or fleets of one developer, in every partition. Any other object is accepted and has no effect.');
export type PriorData = z.infer<typeof priorSchema>;
export type Prior = z.infer<typeof classesPriorSchema> | z.infer<typeof fleetsPriorSchema>;
export const PRIOR_KINDS = ['classes', 'fleets'] as const satisfies readonly Prior['kind'][];
