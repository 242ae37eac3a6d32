/** What `ntk evaluate` says as JSON: alarm episodes of stored results, measured against labelled incidents (exact-rules.md section 10). */
import { z } from 'zod';
import { count } from '../fields.ts';

/** Of a measured rate: the exact 95 % interval of a Poisson count (Garwood). */
const rate = z.object({ value: z.number(), low: z.number(), high: z.number() });

const recall = {
  incidents: count,
  found: count,
  recall: z.number().nullable().describe('Null where there are no incidents.'),
  medianSecondsToDetection: z
    .number()
    .nullable()
    .describe('Over those found, from the start of the incident; null where none is.'),
};
const recallSchema = z.object(recall);
export type Recall = z.infer<typeof recallSchema>;

const named = z.object({ name: z.string(), ...recall });
export type NamedRecall = z.infer<typeof named>;

const fleets = z.object({ fleets: count, found: count }).describe('A fleet is found when one of its siblings is.');

const missedIncidentSchema = z.object({
  world: count.describe('Which of the label files, from 1.'),
  id: z.string(),
  program: z.string(),
  kind: z.string(),
  category: z.string(),
  start: z.string(),
  end: z.string(),
  strength: z.string().nullable(),
  camouflaged: z.boolean().nullable(),
  group: z.string().nullable(),
});
export type MissedIncident = z.infer<typeof missedIncidentSchema>;

const falseEpisodeSchema = z.object({
  world: count.describe('Which of the label files, from 1.'),
  episode: z.string().describe('PARTITION-OFFSET of its row with the smallest offset, as `ntk review` names it.'),
  program: z.string(),
  start: z.string(),
  end: z.string().describe('Event time of its last result.'),
  results: count,
  reasons: z.array(z.string()).describe('In the order in which they came.'),
  eventId: z.string().describe('Of its first result, for `ntk explain`.'),
});
export type FalseEpisode = z.infer<typeof falseEpisodeSchema>;

export const evaluationSchema = z
  .object({
    worlds: count.describe('Label files, pooled.'),
    programs: count,
    programDays: z.number().describe('Programs times days of the labels, no warm-up taken off.'),
    activeProgramDays: count.describe('Program-days with at least one stored access, by which the budget of a policy counts.'),
    all: recallSchema,
    mediumAndStrong: recallSchema.nullable().describe('Null where no label has a strength.'),
    fleets,
    byKind: z.array(named).describe('In the order of detection.md; only kinds that the labels have.'),
    byStrength: z.array(named),
    byCamouflage: z.array(named),
    episodes: count,
    falseEpisodes: count,
    precision: z.number().nullable().describe('1 - false / episodes; null where there are no episodes.'),
    falsePer1000ProgramDays: rate,
    falsePer1000ActiveProgramDays: rate.nullable().describe('Null where no access is stored.'),
    byReason: z
      .array(z.object({ reason: z.string(), episodes: count, falseEpisodes: count }))
      .describe('Episodes by each reason that they have.'),
    missed: z.array(missedIncidentSchema).describe('By world and start.'),
    falseAlarms: z.array(falseEpisodeSchema).describe('By world and start.'),
    quality: z.object({
      unwritten: count.describe('Records of the log that are not judged and stored yet.'),
      gaps: count.describe('Accepted gaps: what was lost there could not alarm.'),
      complete: z.boolean(),
    }),
  })
  .describe('How well alarms find labelled incidents, and how many are false.');
export type Evaluation = z.infer<typeof evaluationSchema>;
