/**
 * Decompresses a stored file as a stream: gzip with any number of members, zstd with any number of frames. Memory is bounded by one
 * piece of input, one chunk of output and the format's window (32 KiB; zstd at most 128 MiB), whatever the ratio.
 *
 * Node's own streams are not enough by themselves: the zstd one ends in silence after the first frame of a piece of input, and both
 * throw away what the failing call had already made. So the rest of the input goes to a new stream, and the piece with the
 * damage is read a second time byte by byte: then everything before the damage comes out, and always the same.
 */
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { Compression } from './compression.ts';

/** Input that is given to the decompressor at once; also what is read byte by byte around damage, at 50 microseconds each. */
const PIECE_BYTES = 16 * 1024;
/** Output that comes at once, at most. */
const CHUNK_BYTES = 128 * 1024;

/** Where and how a compressed file stops making sense. `position` counts the bytes as stored. */
export interface Damage {
  readonly position: number;
  readonly truncated: boolean;
  readonly detail: string;
}

/** Stored bytes `[position, position + bytes)`, fewer at the end of the file, none behind it. */
type ReadAt = (position: number, bytes: number) => Promise<Buffer>;

/** Yields the decompressed bytes; returns what was wrong, if anything. */
export async function* inflate(kind: Exclude<Compression, 'plain'>, readAt: ReadAt): AsyncGenerator<Buffer, Damage | null> {
  const readPiece: ReadAt = (position) => readAt(position, PIECE_BYTES);
  let yieldedBytes = 0;
  const members = inflateMembers(kind, readPiece);
  let step = await members.next();
  for (; !step.done; step = await members.next()) {
    yieldedBytes += step.value.length;
    yield step.value;
  }
  const damage = step.value;
  if (damage === null || damage.truncated) return damage;

  // The failing call was given at most one piece, and its position is where it began to read it.
  const slowFrom = damage.position;
  const again = inflateMembers(kind, (position) =>
    readAt(position, position < slowFrom ? Math.min(PIECE_BYTES, slowFrom - position) : 1),
  );
  let seenBytes = 0;
  for (step = await again.next(); !step.done; step = await again.next()) {
    const known = Math.min(step.value.length, Math.max(0, yieldedBytes - seenBytes));
    seenBytes += step.value.length;
    if (known < step.value.length) yield step.value.subarray(known);
  }
  return step.value;
}

/** One member (frame) after the other, each with a stream of its own where Node needs one. */
async function* inflateMembers(kind: Exclude<Compression, 'plain'>, readAt: ReadAt): AsyncGenerator<Buffer, Damage | null> {
  let position = 0;
  for (;;) {
    const member = new Member(kind, position, readAt);
    yield* member.chunks();
    if (member.damage !== null) return member.damage;
    position = await skipPadding(member.position, kind, readAt);
    if ((await readAt(position, 1)).length === 0) return null;
  }
}

/** Zeros behind a gzip member are padding (RFC 1952 leaves it to the reader; gzip ignores them). */
async function skipPadding(position: number, kind: Compression, readAt: ReadAt): Promise<number> {
  if (kind !== 'gzip') return position;
  for (;;) {
    const piece = await readAt(position, PIECE_BYTES);
    const padding = piece.findIndex((byte) => byte !== 0);
    if (padding !== -1 || piece.length === 0) return position + Math.max(0, padding);
    position += piece.length;
  }
}

/** One decompressor and the input from `start` on that it takes. */
class Member {
  damage: Damage | null = null;
  readonly #stream: ReturnType<typeof createGunzip>;
  readonly #start: number;
  readonly #readAt: ReadAt;

  constructor(kind: Exclude<Compression, 'plain'>, start: number, readAt: ReadAt) {
    // A high-water mark of 1: no native call begins while output waits, so that an error can destroy none.
    const options = { chunkSize: CHUNK_BYTES, readableHighWaterMark: 1 };
    this.#stream = kind === 'gzip' ? createGunzip(options) : createZstdDecompress(options);
    this.#start = start;
    this.#readAt = readAt;
  }

  /** Behind the last stored byte that was used. */
  get position(): number {
    return this.#start + this.#stream.bytesWritten;
  }

  async *chunks(): AsyncGenerator<Buffer> {
    // The error comes out of the iteration below; without a listener it would also end the process when nobody iterates any more.
    this.#stream.on('error', () => {});
    void this.#feed().catch((error: unknown) => this.#stream.destroy(error as Error));
    try {
      for await (const chunk of this.#stream) yield chunk as Buffer;
    } catch (error) {
      this.damage = this.#damageOf(error);
    } finally {
      this.#stream.destroy();
    }
  }

  /** Writes piece after piece, each when the one before is used up and its output taken. */
  async #feed(): Promise<void> {
    let position = this.#start;
    for (;;) {
      const piece = await this.#readAt(position, PIECE_BYTES);
      if (this.#stream.destroyed || this.#stream.readableEnded) return;
      if (piece.length === 0) {
        this.#stream.end();
        return;
      }
      position += piece.length;
      await new Promise<void>((resolve) => this.#stream.write(piece, () => resolve()));
    }
  }

  /** Anything but an error of the decompressor itself (one of reading the input) is thrown on. */
  #damageOf(error: unknown): Damage {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const detail = error instanceof Error ? error.message : String(error);
    if (code.startsWith('Z_') || code.startsWith('ZSTD_'))
      return { position: this.position, truncated: code === 'Z_BUF_ERROR', detail };
    throw error;
  }
}
