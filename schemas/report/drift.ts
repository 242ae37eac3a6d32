/** The drift report as JSON: what programs declare against what is in their code and what they called. */
import { z } from 'zod';
import { count } from '../fields.ts';

export const WORST_PROGRAMS_MAX = 10;
export const PURPOSE_TEXTS_MAX = 10;

/**
 * What is said of one kind of data of one program. `undeclared`: called or in its code, and not declared. `undeclared_api`: the kind
 * is declared, an API that has to be declared by name is not. `unused`: declared, and never called (without results: not in its
 * code). `unjudged`: in the code, but what is at hand cannot say whether it is declared, or only a bundled library calls it.
 */
const DRIFT_FINDINGS = ['undeclared', 'undeclared_api', 'unused', 'unjudged', 'none'] as const;
export type DriftFinding = (typeof DRIFT_FINDINGS)[number];

const byFinding = { undeclared: count, undeclaredApi: count, unused: count, unjudged: count };

const driftUseSchema = z.object({
  category: z.string(),
  finding: z.enum(DRIFT_FINDINGS),
  isDeclared: z.boolean(),
  isDetected: z.boolean().nullable().describe('Static analysis found it in the code; null: nobody looked.'),
  accesses: count.nullable().describe('Accesses in the results; null: no results were given.'),
  background: count.nullable().describe('Of these, while the program was not on screen.'),
  apis: z.array(z.string()).describe('Host APIs that the code names, sorted.'),
  undeclaredApis: z.array(z.string()).describe('Of these, the ones that have to be declared by name and are not.'),
  purposes: z.array(z.object({ id: z.string(), text: z.string(), isSample: z.boolean() })),
});
export type DriftUse = z.infer<typeof driftUseSchema>;

const driftProgramSchema = z.object({
  program: z.string(),
  developer: z.string(),
  isDeclared: z.boolean().describe('False: it is in the results only.'),
  uses: z.array(driftUseSchema).describe('In the order of the categories.'),
});
export type DriftProgram = z.infer<typeof driftProgramSchema>;

const locationApis = { programs: count, undeclared: count };

export const driftReportSchema = z
  .object({
    programs: count,
    hasResults: z.boolean().describe('Calls in the results were looked at, not only the code.'),
    locationApis: z
      .object({
        ...locationApis,
        since: z.object({ time: z.string(), ...locationApis }).describe('Of programs that were changed since they are required.'),
      })
      .describe(
        'Programs whose own code calls an API for the place, which have to be declared by name, and how many leave one undeclared.',
      ),
    undeclaredPrograms: count.describe('Programs in the results without any declaration.'),
    programsWith: z.object(byFinding),
    purposes: z.object({
      withText: count,
      withoutText: count,
      sample: count.describe("The text is a sample sentence of the platform's documentation."),
      samplePrograms: count,
    }),
    byCategory: z.array(
      z
        .object({ category: z.string(), declared: count, detected: count, called: count, ...byFinding })
        .describe('Numbers of programs.'),
    ),
    purposeTexts: z
      .array(z.object({ text: z.string(), programs: count, isSample: z.boolean() }))
      .max(PURPOSE_TEXTS_MAX)
      .describe('The most common ones, by programs, then by text.'),
    worst: z
      .array(
        z.object({
          program: z.string(),
          developer: z.string(),
          undeclared: z.array(z.string()),
          undeclaredApis: z.array(z.string()),
          unused: z.array(z.string()),
          sample: count,
        }),
      )
      .max(WORST_PROGRAMS_MAX)
      .describe('Programs with the most that is undeclared, then unused, then sample texts, then by id.'),
  })
  .describe('What programs declare against what is in their code and what they called.');
export type DriftReport = z.infer<typeof driftReportSchema>;
