import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inflated, readBody } from '../../services/gateway/body.ts';

const LIMITS = { bodyBytesMax: 1_000_000, bodyTimeoutMs: 10_000 };

/** A request whose body is written by hand. */
function arriving(length?: number): IncomingMessage & PassThrough {
  const headers = length === undefined ? {} : { 'content-length': String(length) };
  return Object.assign(new PassThrough(), { headers }) as unknown as IncomingMessage & PassThrough;
}

describe('a body', () => {
  it('is what came, in whatever pieces, and whether its length was told or not', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 50_000 }), { maxLength: 12 }),
        fc.boolean(),
        async (pieces, isTold) => {
          const whole = Buffer.concat(pieces);
          const request = arriving(isTold ? whole.length : undefined);
          const read = readBody(request, LIMITS);
          for (const piece of pieces) request.write(piece);
          request.end();
          const body = await read;
          expect(Buffer.isBuffer(body) && body.equals(whole)).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('keeps every byte while it outgrows the memory that it began with', async () => {
    const request = arriving();
    const read = readBody(request, LIMITS);
    const pieces = Array.from({ length: 90 }, (_, i) => Buffer.alloc(10_007, i + 1));
    for (const piece of pieces) request.write(piece);
    request.end();
    const body = (await read) as Buffer;
    expect(body.equals(Buffer.concat(pieces))).toBe(true);
  });

  it('takes the memory of its bytes, not of an object for each of them', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const request = arriving();
    const read = readBody(request, LIMITS);
    collect();
    const before = process.memoryUsage();
    const pieces = 300_000;
    for (let i = 0; i < pieces; i++) {
      request.write(Buffer.allocUnsafeSlow(1).fill(0x20));
      if (i % 1_000 === 0) await nextTurn();
    }
    await nextTurn();
    collect();
    const after = process.memoryUsage();
    expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(10_000_000);
    request.end();
    expect(await read).toHaveLength(pieces);
  });

  it('ends at the limit, with the sender, or with its time', async () => {
    expect(await readBody(arriving(1_000_001), LIMITS)).toBe('too_large');
    const large = arriving();
    large.write(Buffer.alloc(1_000_001));
    expect(await readBody(large, LIMITS)).toBe('too_large');
    const gone = arriving(10);
    gone.write('x');
    gone.destroy();
    expect(await readBody(gone, LIMITS)).toBe('aborted');
    expect(await readBody(arriving(10), { ...LIMITS, bodyTimeoutMs: 10 })).toBe('too_slow');
  });

  it('is inflated up to the limit', async () => {
    const bytes = Buffer.alloc(1_000_000, 'x');
    expect(await inflated(gzipSync(bytes), bytes.length)).toEqual(bytes);
    expect(await inflated(gzipSync(bytes), bytes.length - 1)).toBe('too_large');
    for (const broken of [bytes, gzipSync(bytes).subarray(0, -1), Buffer.alloc(0)])
      expect(await inflated(broken, bytes.length)).toBe('no_gzip');
  });
});
