/** Reads what an evaluation compares: labels from a file, and the alarms that a store holds. */
import { readFile, stat } from 'node:fs/promises';
import { BASELINE_REASONS } from '../../../schemas/codes.ts';
import type { Alarm } from '../../domain/evaluation/episodes.ts';
import { LABELS_BYTES_MAX, type LabelledWorld, readLabels } from '../../domain/evaluation/labels-file.ts';
import { ACTIVITY_SQL, ALARMS_SQL, KNOWN_PROGRAMS_SQL } from '../../domain/evaluation/queries.ts';
import { TIME_END_US } from '../../domain/record/time.ts';
import { systemCodeInWords, systemCodeOf } from '../../platform/system-error.ts';
import { readAcceptedGaps } from '../../platform/warehouse/accepted-gaps.ts';
import { positionsNow, type ReportSource, requireResults } from './report.ts';
import { unwrittenButReviews } from './review-history.ts';
import { UserError } from '../user-error.ts';
import { counted, verbOf } from '../../domain/wording/counted.ts';

/** Results with a baseline reason that one evaluation looks at: about half a gigabyte. */
const ALARMS_MAX = 2_000_000;
/** Of a text in a message. */
const NAME_CHARACTERS_MAX = 120;

/**
 * Bound values travel in the URL, where a server takes 128 KiB of each (http_max_field_value_size): their bytes as %XX at worst, quotes and commas
 * beside each of them. A quote or a backslash in a name, or what ends a line, has a backslash before it: another %XX.
 */
const NAMED_BYTES_MAX = 120 * 1024;
const NAME_OVERHEAD_BYTES = 9;

export interface StoredAlarms {
  readonly alarms: readonly Alarm[];
  readonly activeProgramDays: number;
  /** Records of the log that are not judged and stored yet and may be alarms: all but reviews. */
  readonly unwritten: number;
  readonly gaps: number;
  /** Programs with incidents of which no access is stored. */
  readonly unknownPrograms: readonly string[];
}

/** @throws UserError that names the file, the line and the field */
export async function readLabelsFile(path: string): Promise<LabelledWorld> {
  const name = path.slice(-NAME_CHARACTERS_MAX);
  let text: string;
  try {
    if ((await stat(path)).size > LABELS_BYTES_MAX) throw new UserError(`${name}: is larger than ${LABELS_BYTES_MAX} bytes`);
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof UserError) throw error;
    const code = systemCodeOf(error);
    const why = code === 'ENOENT' ? 'no such file' : `cannot be read (${systemCodeInWords(error)})`;
    throw new UserError(`${name}: ${why}`, { cause: error });
  }
  const read = readLabels(text);
  if (read.ok) return read.world;
  const { line, field, message, more } = read.problem;
  const place = `${name}${line === null ? '' : `:${line}`}${field === '' ? '' : ` ${field}`}`;
  throw new UserError(`${place}: ${message}${more === 0 ? '' : ` (and ${more} more)`}`);
}

/** @throws UserError when nothing is stored, or what is stored has nothing to do with the labels */
export async function readAlarms(source: ReportSource, labels: LabelledWorld): Promise<StoredAlarms> {
  const { warehouse, logId } = source;
  await requireResults(source);
  // The positions come first: what is stored later is left out of every figure.
  const noted = await positionsNow(source);
  const { partitions, positions } = noted;
  const unwritten = await unwrittenButReviews(source, noted);
  const range = { logId, partitions, positions, fromUs: 0, toUs: TIME_END_US };
  const [activity] = await warehouse.query<{ accesses: string; program_days: string }>(ACTIVITY_SQL, range);
  if (Number(activity!.accesses) === 0) {
    throw new UserError(
      unwritten === 0
        ? `nothing is judged yet in ${warehouse.description}: give its events to ntk run first`
        : `nothing is judged yet in ${warehouse.description}, ${counted(unwritten, 'record')} ${verbOf(unwritten, 'wait')}: start ntk up, or the scorer and the writer`,
    );
  }
  const labelled = [...new Set(labels.incidents.map(({ program }) => program))];
  const knownPrograms = new Set<string>();
  for (const programs of inPieces(labelled)) {
    const known = await warehouse.query<{ program: string }>(KNOWN_PROGRAMS_SQL, { ...range, programs });
    for (const { program } of known) knownPrograms.add(program);
  }
  if (labelled.length > 0 && knownPrograms.size === 0) {
    throw new UserError(
      `of ${counted(labelled.length, 'program')} with incidents none has an access in ${warehouse.description}: these are the labels of other traffic`,
    );
  }
  return {
    alarms: await alarmsOf(source, range),
    activeProgramDays: Number(activity!.program_days),
    unwritten,
    gaps: (await readAcceptedGaps(warehouse, logId)).length,
    unknownPrograms: labelled.filter((program) => !knownPrograms.has(program)),
  };
}

const ESCAPED = /['\\\n\r\t]/g;

/** As many as one question may name; each piece has at least one. */
export function* inPieces(names: readonly string[]): Generator<readonly string[]> {
  let piece: string[] = [];
  let bytes = 0;
  for (const name of names) {
    const escapes = name.match(ESCAPED)?.length ?? 0;
    const added = 3 * (Buffer.byteLength(name) + escapes) + NAME_OVERHEAD_BYTES;
    if (piece.length > 0 && bytes + added > NAMED_BYTES_MAX) {
      yield piece;
      piece = [];
      bytes = 0;
    }
    piece.push(name);
    bytes += added;
  }
  if (piece.length > 0) yield piece;
}

interface AlarmRow {
  readonly program: string;
  readonly partition: number;
  readonly offset: string;
  readonly event_id: string;
  readonly time_us: string;
  readonly baseline_reasons: readonly string[];
}

type Range = Readonly<Record<string, string | number | readonly number[]>>;

async function alarmsOf({ warehouse }: ReportSource, range: Range): Promise<Alarm[]> {
  const rows = await warehouse.query<AlarmRow>(ALARMS_SQL, { ...range, reasons: BASELINE_REASONS, max: ALARMS_MAX + 1 });
  if (rows.length > ALARMS_MAX)
    throw new UserError(`more than ${ALARMS_MAX} results have a baseline reason: that is no traffic with a few incidents`);
  return rows.map(({ event_id: eventId, time_us, offset, baseline_reasons: reasons, program, partition }) => ({
    program,
    partition,
    offset: Number(offset),
    timeUs: Number(time_us),
    reasons,
    eventId,
  }));
}
