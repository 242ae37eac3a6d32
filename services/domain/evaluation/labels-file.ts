/** Reads `labels.json`, ours or somebody else's: strict about what a score is made of, and about nothing else. */
import { LineCounter, isNode, parseDocument } from 'yaml';
import { z } from 'zod';
import { INCIDENT_KINDS } from '../../../schemas/simulation/labels.ts';
import { filledText } from '../../../schemas/fields.ts';
import { policyProblems } from '../../../schemas/policy/problems.ts';
import { pathText } from '../yaml/yaml-file.ts';
import { INVALID_TIME, parseTimeUs } from '../record/time.ts';

/** Bytes of UTF-8; about 100,000 incidents. */
export const LABELS_BYTES_MAX = 32 * 1024 * 1024;
/** Above this the line of a mistake is not looked for. */
const LOCATED_BYTES_MAX = 2 * 1024 * 1024;

export interface LabelledIncident {
  readonly id: string;
  readonly program: string;
  readonly kind: string;
  /** Empty where the label has none. */
  readonly category: string;
  readonly startUs: number;
  readonly endUs: number;
  /** Null where the label does not say, as in the three below. */
  readonly strength: string | null;
  readonly camouflaged: boolean | null;
  readonly group: string | null;
}

export interface LabelledWorld {
  readonly programs: number;
  readonly days: number;
  readonly incidents: readonly LabelledIncident[];
}

/** `line`: from 1; null where it is not known. `field` looks like `incidents[3].start`, and is empty for the whole file. */
export interface LabelsProblem {
  readonly line: number | null;
  readonly field: string;
  readonly message: string;
  /** How many more there are. */
  readonly more: number;
}

export type ReadLabels =
  | { readonly ok: true; readonly world: LabelledWorld }
  | { readonly ok: false; readonly problem: LabelsProblem };

const instant = z.string().refine((text) => parseTimeUs(text) !== INVALID_TIME, {
  error: 'must be a time with its offset, such as 2026-03-01T08:00:00Z',
});

const incidentSchema = z
  .looseObject({ id: filledText, program: filledText, kind: z.enum(INCIDENT_KINDS), start: instant, end: instant })
  .refine(({ start, end }) => parseTimeUs(start) < parseTimeUs(end), { path: ['end'], error: 'must be later than start' });

/** A world that is evaluated has programs and lasts. Who made it up, and from which seed, plays no part. */
const worldSchema = z.looseObject({ programs: z.int().min(1), days: z.number().positive(), incidents: z.array(incidentSchema) });

export function readLabels(text: string): ReadLabels {
  if (Buffer.byteLength(text) > LABELS_BYTES_MAX) return wrong({ line: null, field: '', message: tooLarge(), more: 0 });
  let document: unknown;
  try {
    // Some editors begin a file with a byte-order mark, which is no JSON.
    document = JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text);
  } catch (error) {
    // V8 says where: "... at position 45 (line 3 column 5)".
    const line = /\(line (\d+) column \d+\)/.exec((error as Error).message)?.[1];
    return wrong({ line: line === undefined ? null : Number(line), field: '', message: 'is not JSON', more: 0 });
  }
  const read = worldSchema.safeParse(document);
  if (!read.success) {
    const [first, ...more] = policyProblems(read.error);
    const { path, message } = first!;
    return wrong({ line: lineOf(text, path), field: pathText(path), message, more: more.length });
  }
  const { programs, days, incidents } = read.data;
  return { ok: true, world: { programs, days, incidents: incidents.map(incidentOf) } };
}

function tooLarge(): string {
  return `is larger than ${LABELS_BYTES_MAX} bytes: evaluate in parts`;
}

function wrong(problem: LabelsProblem): ReadLabels {
  return { ok: false, problem };
}

/** What is not of the type we know it by is somebody else's field of the same name. */
function incidentOf(label: z.infer<typeof incidentSchema>): LabelledIncident {
  const { category, strength, camouflaged, group } = label;
  return {
    id: label.id,
    program: label.program,
    kind: label.kind,
    category: typeof category === 'string' ? category : '',
    startUs: parseTimeUs(label.start),
    endUs: parseTimeUs(label.end),
    strength: typeof strength === 'string' && strength !== '' ? strength : null,
    camouflaged: typeof camouflaged === 'boolean' ? camouflaged : null,
    group: typeof group === 'string' || typeof group === 'number' ? String(group) : null,
  };
}

/** The line of what stands at `path`, or of the last step of it that is there. JSON is YAML, whose parser keeps places. */
function lineOf(text: string, path: readonly (string | number)[]): number | null {
  if (Buffer.byteLength(text) > LOCATED_BYTES_MAX) return null;
  const lines = new LineCounter();
  const yaml = parseDocument(text, { lineCounter: lines, uniqueKeys: false, logLevel: 'error' });
  for (let depth = path.length; depth >= 0; depth--) {
    const node = depth === 0 ? yaml.contents : yaml.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return null;
}
