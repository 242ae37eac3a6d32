/**
 * A sink that posts to a gateway (docs/gateway.md). What is not acknowledged is sent again, the same bytes with the same ids, until it is: a
 * record that had arrived all the same is a duplicate there. Only what no repetition can mend ends it.
 */
import type { Clock } from '../platform/clock.ts';
import type { LiveSink } from './live-source.ts';

const PAUSE_MIN_MS = 1_000;
const PAUSE_MAX_MS = 60_000;
/** An answer that does not come is as good as none. */
const ANSWER_MS_MAX = 60_000;

/** The gateway does not take this, now or later; the message is one line that says why. */
export class SinkRefused extends Error {
  override readonly name = 'SinkRefused';
}

interface GatewaySinkOptions {
  /** Of the system, such as `http://127.0.0.1:7077`. */
  readonly url: URL;
  readonly token: string;
  readonly clock: Clock;
  /** Aborted: what is under way is given up, acknowledged or not. */
  readonly signal: AbortSignal;
  /** Before each pause, with why. @default nobody is told */
  readonly onRetry?: (why: string, inMs: number) => void;
}

type Answer =
  | { readonly is: 'taken' }
  | { readonly is: 'refused'; readonly why: string }
  | { readonly is: 'unsure'; readonly why: string; readonly waitMs: number };

/** `append` rejects with {@link SinkRefused}, or with any error once it was aborted. */
export function gatewaySink({ url, token, clock, signal, onRetry = () => {} }: GatewaySinkOptions): LiveSink {
  const door = new URL('/v1/events', url);
  return {
    async append(lines) {
      const body = Buffer.concat(lines.flatMap((line) => [line, LINE_END]));
      for (let pauseMs = PAUSE_MIN_MS; !signal.aborted; pauseMs = Math.min(2 * pauseMs, PAUSE_MAX_MS)) {
        const answer = await post(door, token, body, signal);
        if (answer.is === 'taken') return;
        if (answer.is === 'refused') throw new SinkRefused(answer.why);
        if (signal.aborted) break;
        const inMs = Math.max(pauseMs, answer.waitMs);
        onRetry(answer.why, inMs);
        await clock.sleep(inMs, signal);
      }
      throw new Error('stopped before it was acknowledged');
    },
  };
}

const LINE_END = Buffer.from('\n');

async function post(door: URL, token: string, body: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<Answer> {
  try {
    const response = await fetch(door, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS_MAX)]),
    });
    const text = await response.text();
    if (response.status === 202) return { is: 'taken' };
    const why = `${response.status} ${wordsOf(text) ?? response.statusText}`;
    if (response.status !== 429 && response.status < 500) return { is: 'refused', why };
    const seconds = Number(response.headers.get('retry-after') ?? 0);
    return { is: 'unsure', why, waitMs: Number.isFinite(seconds) ? Math.min(seconds * 1_000, PAUSE_MAX_MS) : 0 };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    return { is: 'unsure', why: cause, waitMs: 0 };
  }
}

function wordsOf(text: string): string | null {
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    return typeof error === 'string' ? error : null;
  } catch {
    return null;
  }
}
