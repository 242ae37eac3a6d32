/**
 * A made-up super-app as files: `events.ndjson`, one record a line in the order of arrival, and `labels.json`. The same options give the same
 * bytes on every machine. Files stand under their names only when they are whole.
 */
import { once } from 'node:events';
import { createWriteStream, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Labels } from '../../schemas/simulation/labels.ts';
import { makeFolders } from '../platform/folder/make-folders.ts';
import { DAY_MS, MINUTE_MS } from './spans.ts';
import type { Story } from './story/story.ts';
import { REAL_TIME } from './traffic/timeline.ts';
import { Traffic } from './traffic/traffic.ts';
import { makeWorld } from './world/world.ts';

/** A Monday; not the present, or the same seed would give other bytes tomorrow. */
export const START_DEFAULT_MS: number = Date.UTC(2026, 2, 2);
/** Records of a program a day on average: a few programs have most of them. */
export const DAILY_DEFAULT = 200;
export const DAYS_MAX = 3_660;

const SLICE_MS = 10 * MINUTE_MS;
const PENDING_SHARE = 0.25;
/** Of text that is handed over to the file at once. */
const CHUNK_CHARS = 1 << 20;

export interface SimulateOptions {
  readonly seed: number;
  readonly programs: number;
  readonly days: number;
  /** Milliseconds since 1970. @default START_DEFAULT_MS */
  readonly startMs?: number;
  /** Records of a program a day. @default DAILY_DEFAULT */
  readonly daily?: number;
}

interface FileOptions extends SimulateOptions {
  /** Made when it is not there. */
  readonly folder: string;
  readonly signal?: AbortSignal;
  /** Of `days` of the story; called a few times a second or less. */
  readonly onProgress?: (hours: number, hoursTotal: number) => void;
}

export interface Written {
  readonly status: 'complete' | 'stopped';
  readonly events: string;
  readonly labels: string;
  readonly records: number;
  readonly incidents: number;
}

/** The lines of {@link SimulateOptions} slice by slice, and the story behind them. */
export function simulate(options: SimulateOptions): { readonly story: Story; readonly slices: Generator<string[], void> } {
  const { seed, programs, days, startMs = START_DEFAULT_MS, daily = DAILY_DEFAULT } = options;
  const world = makeWorld(seed, programs);
  const pace = (programs * daily) / DAY_MS;
  const idPrefix = `s${seed.toString(36)}-`;
  const traffic = new Traffic(
    { world, timeline: REAL_TIME, sliceMs: SLICE_MS, pace, idPrefix, pendingShare: PENDING_SHARE },
    startMs,
  );
  const story = traffic.tell({ generation: 0, startMs, endMs: startMs + days * DAY_MS, versionBase: 0 });
  function* slices(): Generator<string[], void> {
    while (traffic.atMs < story.endMs || !traffic.isQuiet) yield traffic.next();
  }
  return { story, slices: slices() };
}

export function labelsOf({ seed, programs, days }: SimulateOptions, { incidents }: Story): Labels {
  return {
    seed,
    programs,
    days,
    incidents: incidents.map(({ id, program, kind, ask, startMs, endMs, group, factor, isCamouflaged }) => ({
      id,
      program: program.id,
      kind,
      category: ask.need.category,
      start: new Date(startMs).toISOString(),
      end: new Date(endMs).toISOString(),
      ...(group === null ? {} : { group }),
      ...(factor === 1 ? {} : { factor }),
      camouflaged: isCamouflaged,
    })),
  };
}

/** Errors of the file system are thrown; what was there before under the two names is still there then, and after a stop. */
export async function writeFiles(options: FileOptions): Promise<Written> {
  const { folder, signal, onProgress = () => {}, days } = options;
  makeFolders(folder);
  const events = join(folder, 'events.ndjson');
  const labels = join(folder, 'labels.json');
  const draft = `${events}.draft`;
  const { story, slices } = simulate(options);
  const done = { events, labels, incidents: story.incidents.length };
  try {
    const records = await writeLines(draft, slices, signal, (slice) =>
      onProgress(Math.min(Math.floor((slice * SLICE_MS) / (60 * MINUTE_MS)), days * 24), days * 24),
    );
    if (signal?.aborted === true) return { status: 'stopped', ...done, records };
    // Labels first: events that have a name are whole, and have their labels.
    writeFileSync(`${labels}.draft`, `${JSON.stringify(labelsOf(options, story), null, 1)}\n`);
    renameSync(`${labels}.draft`, labels);
    renameSync(draft, events);
    return { status: 'complete', ...done, records };
  } finally {
    for (const path of [draft, `${labels}.draft`]) rmSync(path, { force: true });
  }
}

async function writeLines(
  path: string,
  slices: Iterable<string[]>,
  signal: AbortSignal | undefined,
  onSlice: (slice: number) => void,
): Promise<number> {
  const file = createWriteStream(path);
  // Waited for below wherever it matters; an error in between must not be nobody's.
  const closed = once(file, 'close');
  let failed: Error | null = null;
  file.on('error', (error) => (failed = error));
  let records = 0;
  let slice = 0;
  let pending = '';
  const flush = async (): Promise<void> => {
    const isRoom = file.write(Buffer.from(pending, 'utf8'));
    pending = '';
    if (!isRoom && failed === null) await Promise.race([once(file, 'drain'), closed]);
  };
  for (const lines of slices) {
    if (signal?.aborted === true || failed !== null) break;
    records += lines.length;
    if (lines.length > 0) pending += `${lines.join('\n')}\n`;
    if (pending.length >= CHUNK_CHARS) await flush();
    onSlice(++slice);
  }
  if (failed === null) await flush();
  file.end();
  await closed;
  if (failed !== null) throw failed as Error;
  return records;
}
