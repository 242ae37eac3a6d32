/** Reads a body within bounds of size and time, whatever the sender does. */
import type { IncomingMessage } from 'node:http';
import { gunzippedAside } from '../platform/compression/one-shot.ts';
import { systemCodeOf } from '../platform/system-error.ts';

/** `aborted`: the sender has gone; nobody reads an answer. */
export type BodyProblem = 'too_large' | 'too_slow' | 'aborted' | 'no_gzip';

interface BodyLimits {
  readonly bodyBytesMax: number;
  readonly bodyTimeoutMs: number;
}

/** Where a body whose length was not told begins to be kept; it doubles from there. */
const FIRST_BYTES = 64 * 1024;

/** Content-Length, or null when it is not told. */
export function toldLength(request: IncomingMessage): number | null {
  const told = request.headers['content-length'];
  return told === undefined ? null : Number(told);
}

/**
 * The body as it came. Chunks are copied together at once: a body that comes byte by byte would otherwise be as many objects, each a
 * hundred times its size.
 */
export async function readBody(
  request: IncomingMessage,
  { bodyBytesMax, bodyTimeoutMs }: BodyLimits,
): Promise<Buffer | BodyProblem> {
  const told = toldLength(request);
  if (told !== null && told > bodyBytesMax) return 'too_large';
  return new Promise((resolve) => {
    let kept = Buffer.allocUnsafeSlow(told ?? Math.min(FIRST_BYTES, bodyBytesMax));
    let length = 0;
    const end = (result: Buffer | BodyProblem): void => {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('close', onClose);
      // What still comes is let through and thrown away, until the connection is closed.
      if (typeof result === 'string') request.resume();
      resolve(result);
    };
    const onData = (chunk: Buffer): void => {
      if (length + chunk.length > bodyBytesMax) return end('too_large');
      if (length + chunk.length > kept.length) {
        const larger = Buffer.allocUnsafeSlow(Math.min(bodyBytesMax, Math.max(kept.length * 2, length + chunk.length)));
        kept.copy(larger, 0, 0, length);
        kept = larger;
      }
      chunk.copy(kept, length);
      length += chunk.length;
    };
    const onEnd = (): void => end(kept.subarray(0, length));
    const onClose = (): void => end('aborted');
    const timer = setTimeout(() => end('too_slow'), bodyTimeoutMs);
    request.on('data', onData).once('end', onEnd).once('close', onClose).on('error', onClose);
  });
}

/** Lets what is left of a refused body come, and keeps nothing of it. Settles with its end, with the sender's, or when the time is over. */
export async function thrownAway(request: IncomingMessage, timeoutMs: number): Promise<void> {
  if (request.destroyed) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      request.off('end', end).off('close', end);
      resolve();
    };
    const timer = setTimeout(end, timeoutMs);
    request.once('end', end).once('close', end).resume();
  });
}

/** A few kilobytes may inflate to gigabytes: it stops at the limit. */
export async function inflated(body: Buffer, bodyBytesMax: number): Promise<Buffer | BodyProblem> {
  try {
    return await gunzippedAside(body, { maxOutputLength: bodyBytesMax });
  } catch (error) {
    const code = systemCodeOf(error) ?? '';
    if (code === 'ERR_BUFFER_TOO_LARGE') return 'too_large';
    if (code.startsWith('Z_')) return 'no_gzip';
    throw error;
  }
}
