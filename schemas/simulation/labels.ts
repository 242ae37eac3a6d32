/** `labels.json`: what went wrong in a made-up super-app, to measure detection by (detection.md, "How it is measured"). */
import { z } from 'zod';
import { CATEGORIES } from '../codes.ts';
import { count, filledText, instant } from '../fields.ts';

export const INCIDENT_KINDS = [
  'rate_burst',
  'slow_ramp',
  'low_and_slow',
  'periodic_polling',
  'spread',
  'volume',
  'new_category',
  'off_hours',
  'sibling_fleet',
  'first_day_abuse',
] as const;
export type IncidentKind = (typeof INCIDENT_KINDS)[number];

const incident = z.looseObject({
  id: filledText,
  program: filledText.describe('Program id.'),
  kind: z.enum(INCIDENT_KINDS),
  category: z.enum(CATEGORIES),
  start: instant.describe('Included; event time.'),
  end: instant.describe('Not included; event time.'),
  group: z.string().min(1).optional().describe('The same for all siblings of a `sibling_fleet`.'),
  factor: z.number().positive().optional().describe('How many times the ordinary; what of, depends on the kind.'),
  camouflaged: z.boolean().optional().describe('Keeps to what the program declared and how it is ordinarily used.'),
});

/** Unknown fields are ignored. Honest surprises have no label. */
export const labelsSchema = z
  .looseObject({
    seed: count,
    programs: count,
    days: z.number().positive(),
    incidents: z.array(incident).describe('By their start.'),
  })
  .describe('The incidents in what ntk simulate wrote.');
export type Labels = z.infer<typeof labelsSchema>;
