/**
 * The made-up super-app as a live source: facts first (with the consents of who is there already), then accesses as they happen,
 * with event times of now.
 *
 *   await runLiveSource({ sink, clock, rate: 50, signal });
 *
 * It resolves when the signal is aborted; before that it rejects with what the sink rejects with. `sink.append(lines)` takes records of one line
 * each, without line end, in their order, at most {@link APPEND_LINES_MAX} at a time, and resolves when they are in the log; the next
 * call waits for that. Nothing is kept on disk. Killed and started again it goes on at the season and in the story of the moment, for both
 * follow from the seed and the time alone; ids begin with the moment of the start, so no run uses an id of another, and declarations have
 * higher versions than those of earlier runs.
 *
 * `dayMs` compresses the seasons: with 20 minutes a day, night falls every 20 minutes, while what one user does keeps its pace. Stories (what
 * goes wrong, who launches, who is banned) last two weeks of such days, and then there is another one.
 */
import type { Clock } from '../platform/clock.ts';
import { DAY_MS, MINUTE_MS } from './spans.ts';
import { compressed } from './traffic/timeline.ts';
import { Traffic } from './traffic/traffic.ts';
import { makeWorld } from './world/world.ts';

/** Where records go. */
export interface LiveSink {
  append(lines: readonly Uint8Array[]): Promise<void>;
}

export interface LiveOptions {
  readonly sink: LiveSink;
  readonly clock: Clock;
  /** Records a second, on average over a (compressed) week; at most {@link RATE_MAX}. */
  readonly rate: number;
  readonly signal: AbortSignal;
  /** @default 1 */
  readonly seed?: number;
  /** @default PROGRAMS_DEFAULT */
  readonly programs?: number;
  /** Milliseconds that a day of the story lasts: {@link DAY_MS_MIN} to a day. @default a day */
  readonly dayMs?: number;
  /** Share of the accesses that wait for a verdict (`outcome: pending`). @default 0.35 */
  readonly pendingShare?: number;
  /** After each second's records are in the log. */
  readonly onProgress?: (progress: LiveProgress) => void;
}

export interface LiveProgress {
  /** Since the start, facts among them. */
  readonly records: number;
  /** Seconds that were left out because the sink, or this process, was away for longer than {@link BEHIND_SECONDS_MAX}. */
  readonly skippedSeconds: number;
}

export const RATE_MAX = 50_000;
export const PROGRAMS_DEFAULT = 2_000;
export const DAY_MS_MIN = 60_000;
/** Of one call of the sink: well below what a transaction of the log and a request to the gateway take. */
export const APPEND_LINES_MAX = 4_000;
/** What was missed up to here is made up for; beyond, the world went on without anybody looking. */
const BEHIND_SECONDS_MAX = 10;

/** What led up to the start is told in silence: who is in the middle of a visit then goes on with it, and has agreed already. */
const LEAD_SECONDS = 180;
/** At high rates it is shorter, for it takes time. */
const LEAD_RECORDS_MAX = 60_000;
const PENDING_SHARE = 0.35;
const SLICE_MS = 1_000;
const STORY_DAYS = 14;
/** Declaration versions grow from run to run: half minutes since then fit 32 bits for a thousand years. */
const VERSIONS_SINCE_MS = Date.UTC(2020, 0, 1);
/** A story brings up to two versions, and lasts longer than this: no two stories share one. */
const VERSIONS_A_MINUTE = 2;

export async function runLiveSource(options: LiveOptions): Promise<LiveProgress> {
  const { sink, clock, rate, signal, seed = 1, programs = PROGRAMS_DEFAULT, dayMs = DAY_MS, onProgress = () => {} } = options;
  const timeline = compressed(dayMs);
  const startedMs = clock.nowMs();
  const traffic = new Traffic(
    {
      world: makeWorld(seed, programs),
      timeline,
      sliceMs: SLICE_MS * timeline.stretch,
      pace: rate / 1_000 / timeline.stretch,
      idPrefix: `l${seed.toString(36)}-${startedMs.toString(36)}-`,
      pendingShare: options.pendingShare ?? PENDING_SHARE,
    },
    timeline.toStoryMs(startedMs - SLICE_MS * Math.min(LEAD_SECONDS, Math.floor(LEAD_RECORDS_MAX / rate))),
  );
  const story = (): void => tellStory(traffic, versionsUpTo(timeline.toEventMs(traffic.atMs)));
  const dueAt = (): number => timeline.toEventMs(traffic.atMs) + SLICE_MS;
  let records = 0;
  let skippedSeconds = 0;
  /** False when it was stopped meanwhile. */
  const deliver = async (lines: readonly string[]): Promise<boolean> => {
    try {
      await append(sink, lines);
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
    records += lines.length;
    onProgress({ records, skippedSeconds });
    return true;
  };
  const lead: string[] = [];
  while (dueAt() <= startedMs && !signal.aborted) {
    story();
    for (const line of traffic.next()) if (!isAccess(line)) lead.push(line);
    await clock.turn();
  }
  if (!(await deliver(lead))) return { records, skippedSeconds };
  while (!signal.aborted) {
    story();
    // A second is told when it is over: nothing has a time that is still to come.
    const dueMs = dueAt();
    const behind = Math.floor((clock.nowMs() - dueMs) / SLICE_MS);
    if (behind < 0) {
      await clock.sleep(dueMs - clock.nowMs(), signal);
      if (clock.nowMs() < dueMs) continue;
    }
    if (behind > BEHIND_SECONDS_MAX) {
      skippedSeconds += behind;
      traffic.skipTo(timeline.toStoryMs(timeline.toEventMs(traffic.atMs) + behind * SLICE_MS));
      continue;
    }
    if (!(await deliver(traffic.next()))) break;
    await clock.turn();
  }
  return { records, skippedSeconds };
}

function isAccess(line: string): boolean {
  return line.includes('"type":"ntk.access"');
}

function versionsUpTo(eventMs: number): number {
  return VERSIONS_A_MINUTE * Math.floor((eventMs - VERSIONS_SINCE_MS) / MINUTE_MS);
}

/** The story of the moment; each span of {@link STORY_DAYS} since 1970 has one. */
function tellStory(traffic: Traffic, versionBase: number): void {
  const { atMs, story } = traffic;
  if (story !== null && atMs < story.endMs) return;
  const lengthMs = STORY_DAYS * DAY_MS;
  const generation = Math.floor(atMs / lengthMs);
  const startMs = generation * lengthMs;
  // Told from its middle on when a run begins there: what was true before is said first.
  traffic.tell({ generation, startMs, endMs: startMs + lengthMs, versionBase });
}

async function append(sink: LiveSink, lines: readonly string[]): Promise<void> {
  for (let from = 0; from < lines.length; from += APPEND_LINES_MAX) {
    await sink.append(lines.slice(from, from + APPEND_LINES_MAX).map((line) => Buffer.from(line, 'utf8')));
  }
}
