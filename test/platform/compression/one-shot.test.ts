import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  gunzipped,
  gunzippedAside,
  zstdPacked,
  zstdPackedAside,
  zstdUnpacked,
} from '../../../services/platform/compression/one-shot.ts';

const MIB = 1024 * 1024;
/** What they leave stays below the 64 MiB from which on V8 marks the heap by itself. */
const CALLS = 16;

type Collect = (options: { readonly type: 'minor' | 'major'; readonly execution: 'sync' }) => void;

const collect = ((): Collect => {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as Collect;
})();

/** Bytes beside the heap that so many calls leave behind when nobody has what they answered, and only the young part of the heap is collected. */
async function leavesBehind(call: () => unknown): Promise<() => number> {
  collect({ type: 'major', execution: 'sync' });
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < CALLS; i++) await call();
  return () => {
    collect({ type: 'minor', execution: 'sync' });
    return process.memoryUsage().arrayBuffers - before;
  };
}

describe('packing and unpacking at one go', () => {
  it('gives back what was packed, whatever it was', async () => {
    const property = fc.asyncProperty(
      fc.uint8Array({ maxLength: 4_096 }),
      fc.integer({ min: 64, max: 8_192 }),
      async (bytes, chunkSize) => {
        const [packed, aside] = [zstdPacked(bytes, {}), await zstdPackedAside(bytes, {})];
        expect(zstdUnpacked(packed, { chunkSize })).toEqual({ bytes: Buffer.from(bytes), taken: packed.length });
        expect(zstdUnpacked(aside, { chunkSize }).bytes).toEqual(Buffer.from(bytes));
        const gzip = gzipSync(bytes);
        expect(gunzipped(gzip, { chunkSize })).toEqual(Buffer.from(bytes));
        expect(await gunzippedAside(gzip, { chunkSize })).toEqual(Buffer.from(bytes));
      },
    );
    await fc.assert(property, { numRuns: 50 });
  });

  it('says where the first frame ends', () => {
    const first = zstdPacked(Buffer.from('one'), {});
    const both = Buffer.concat([first, zstdPacked(Buffer.from('two'), {})]);
    expect(zstdUnpacked(both, {})).toEqual({ bytes: Buffer.from('one'), taken: first.length });
  });

  it('unpacks no more than it may', async () => {
    const [packed, gzip] = [zstdPacked(Buffer.alloc(MIB), {}), gzipSync(Buffer.alloc(MIB))];
    const tooLarge = expect.objectContaining({ code: 'ERR_BUFFER_TOO_LARGE' }) as Error;
    expect(() => zstdUnpacked(packed, { maxOutputLength: MIB - 1 })).toThrow(tooLarge);
    expect(() => gunzipped(gzip, { maxOutputLength: MIB - 1 })).toThrow(tooLarge);
    await expect(gunzippedAside(gzip, { maxOutputLength: MIB - 1 })).rejects.toThrow(tooLarge);
  });

  it('leaves nothing beside the heap until all of it is marked', async () => {
    const zeros = Buffer.alloc(MIB);
    const [packed, gzip] = [zstdPacked(zeros, {}), gzipSync(zeros)];
    const chunkSize = MIB + 1024;
    const calls = {
      zstdPacked: () => zstdPacked(zeros, { chunkSize }),
      zstdPackedAside: () => zstdPackedAside(zeros, { chunkSize }),
      zstdUnpacked: () => zstdUnpacked(packed, { chunkSize }),
      gunzipped: () => gunzipped(gzip, { chunkSize }),
      gunzippedAside: () => gunzippedAside(gzip, { chunkSize }),
    };
    for (const [name, call] of Object.entries(calls)) {
      const leftBytes = await leavesBehind(call);
      // Another thread gives it back.
      await expect.poll(leftBytes, { message: name }).toBeLessThan((CALLS * MIB) / 4);
    }
  });
});
