/** Which lines of which files could not be read: the log knows them by partition and offset, people by file and line. */
import { tmpdir } from 'node:os';
import { findLines, type RecordBytes } from '../../importers/find-lines.ts';
import { type Input, openInput } from '../../importers/input/open-input.ts';
import { isInputProblem } from '../../importers/input/problem.ts';
import type { EventLog } from '../../platform/log/event-log.ts';
import { readRejects, type StoredReject } from '../../system/questions/stored-rejects.ts';
import { UserError } from '../../system/user-error.ts';
import type { Output } from '../output/output.ts';
import { problemsOf, REASON_IN_WORDS } from '../output/reject-words.ts';
import { brief } from '../output/terminal.ts';

/** Newest rejects of a partition that are looked for. */
const REJECTS_MAX = 1_000;
const LINES_MAX = 5;
const WORDS_MAX = 300;

interface RejectedLine {
  /** As it was named. */
  readonly input: string;
  /** As an editor counts them, from 1. */
  readonly line: number;
  readonly id: string;
  readonly reason: StoredReject['reason'];
  /** Field by field; may hold text of the line. */
  readonly problems: readonly string[];
}

/** The first lines of the inputs of `ntk run`. Reads the inputs again from their beginning, up to the last line that is told. A line that stands there twice is told once. */
export async function rejectedLines(log: EventLog, inputs: readonly Input[]): Promise<RejectedLine[]> {
  if (inputs.length === 0) return [];
  const wanted = new Map<string, Pick<StoredReject, 'id' | 'reason' | 'bytes' | 'sha256'>>();
  // Without their own bytes, of which each may have a mebibyte.
  for await (const { id, reason, bytes, sha256 } of readRejects(log, REJECTS_MAX))
    wanted.set(sha256, { id, reason, bytes, sha256 });
  const lines: RejectedLine[] = [];
  for (const input of inputs) {
    if (wanted.size === 0) break;
    for await (const { line, sha256, value } of findLines(input, wanted.values())) {
      const reject = wanted.get(sha256);
      if (reject === undefined) continue;
      wanted.delete(sha256);
      const { id, reason } = reject;
      lines.push({ input: input.path, line, id, reason, problems: problemsOf(reason, value) });
      if (lines.length === LINES_MAX) return lines;
    }
  }
  return lines;
}

export function printRejectedLines(out: Output, lines: readonly RejectedLine[]): void {
  for (const { input, line, reason, problems } of lines) {
    const what = `${reason}: ${problems.length === 0 ? REASON_IN_WORDS[reason] : problems.join('; ')}`;
    out.note(`  ${brief(input)}:${line}: ${brief(what, WORDS_MAX)}`);
  }
}

export interface PlacesOfRecord {
  /** `FILE:LINE` */
  readonly first: string;
  /** Lines behind it that are equal: rejects do not say which of them they were. */
  more: number;
}

/**
 * By SHA-256 of those records that stand in one of the files.
 * @throws UserError for a file that cannot be read
 */
export async function placesIn(files: readonly string[], records: readonly RecordBytes[]): Promise<Map<string, PlacesOfRecord>> {
  const places = new Map<string, PlacesOfRecord>();
  for (const file of files) {
    const input = await openInput(file, { spoolFolder: tmpdir() });
    if (isInputProblem(input)) throw new UserError(input.message);
    try {
      for await (const { line, sha256 } of findLines(input, records)) {
        const known = places.get(sha256);
        if (known === undefined) places.set(sha256, { first: `${input.path}:${line}`, more: 0 });
        else known.more++;
      }
      if (input.problem !== null) throw new UserError(input.problem.message);
    } finally {
      await input.close();
    }
  }
  return places;
}
