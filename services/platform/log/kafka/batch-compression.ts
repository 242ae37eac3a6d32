/** Packing the records of a batch, and unpacking them within limits: a host chooses what is in it. */
import { gunzipped, type Packing, zstdPacked, zstdPackedAside, zstdUnpacked } from '../../compression/one-shot.ts';
import { systemCodeOf } from '../../system-error.ts';
import { LogError } from '../event-log.ts';
import { malformed } from './wire.ts';
import { zstdContentBytes } from './zstd-frame.ts';

/** Kafka's numbers, in the lowest bits of a batch's attributes. */
export const CODEC = { none: 0, gzip: 1, zstd: 4 } as const;
const CODEC_MASK = 0x07;

/**
 * A batch has at most 4 MiB on the wire; records of one kind become twelve times that. What is larger was made to fill memory.
 * What is rejected follows from these two: changing them changes what the log is read as, and is a new engine version.
 */
export const BODY_BYTES_MAX = 128 * 1024 * 1024;
/** Records of seven bytes would fill a body with eighteen million, and columns for them take six times as much. */
export const BATCH_RECORDS_MAX = 1024 * 1024;

/** A batch that unpacks to more than this release takes. */
export class BatchTooLarge extends LogError {
  constructor() {
    super(
      'log_corrupt',
      `a batch in Kafka unpacks to more than ${BATCH_RECORDS_MAX} records or ${BODY_BYTES_MAX} bytes, which this release does not take`,
    );
    this.name = 'BatchTooLarge';
  }
}

/** Whether this release can decompress it. */
export function hasKnownCodec(attributes: number): boolean {
  return (Object.values(CODEC) as number[]).includes(attributes & CODEC_MASK);
}

/** @throws LogError log_corrupt */
export function decompress(attributes: number, body: Buffer): Buffer {
  const codec = attributes & CODEC_MASK;
  try {
    if (codec === CODEC.none) return body;
    if (codec === CODEC.zstd) return unzstd(body);
    if (codec === CODEC.gzip) return gunzipped(body, { maxOutputLength: BODY_BYTES_MAX });
  } catch (error) {
    if (error instanceof BatchTooLarge || systemCodeOf(error) === 'ERR_BUFFER_TOO_LARGE') throw new BatchTooLarge();
    throw new LogError('log_corrupt', `a batch in Kafka cannot be decompressed: ${(error as Error).message}`, { cause: error });
  }
  throw new LogError(
    'log_corrupt',
    `a batch in Kafka is compressed with codec ${codec}, which this release cannot read; set compression.type=zstd on the topic, so that the broker changes what hosts send`,
  );
}

/**
 * For what comes out of a frame that does not say how much it is: what came out of the last one, and a little more, because Node
 * looks for more when a chunk is full. Memory beside the heap makes the collector mark the whole heap each time it has grown by
 * 64 MiB, and this is where most of it came from. Never so large that a host's one large batch is paid for by all that follow.
 */
let chunkBytes = 256 * 1024;
const CHUNK_SPARE = 1.1;
const CHUNK_BYTES_MIN = 16 * 1024;
const CHUNK_BYTES_MAX = 1024 * 1024;

/** Records become a fourth of what they were, or less. */
const PACKED_SHARE = 1 / 3;

/**
 * Chunks are no larger than what comes out: fresh memory of 256 KiB costs as much as packing 8 KiB. And the frame says how long it is, which Node leaves
 * out where another thread packs: whoever unpacks it needs no window beside what comes out.
 */
function packing(bytes: number): Packing {
  return { chunkSize: chunkOf(bytes * PACKED_SHARE), pledgedSrcSize: bytes };
}

export function compress(records: Buffer): Buffer {
  return zstdPacked(records, packing(records.length));
}

/** The same by another thread, which reads `records` until this settles; after an error nobody knows until when. */
export async function compressAside(records: Buffer): Promise<Buffer> {
  return zstdPackedAside(records, packing(records.length));
}

/** Node stops behind the first frame, and says nothing of those that follow. */
function unzstd(body: Buffer): Buffer {
  const frames: Buffer[] = [];
  let bytes = 0;
  for (let at = 0; at < body.length; ) {
    if (bytes >= BODY_BYTES_MAX) throw new BatchTooLarge();
    const frame = body.subarray(at);
    const said = zstdContentBytes(frame);
    const chunkSize = said === null ? chunkBytes : chunkOf(said + 1);
    const unpacked = zstdUnpacked(frame, { maxOutputLength: BODY_BYTES_MAX - bytes, chunkSize });
    if (unpacked.taken === 0) throw malformed('a frame that does not end');
    at += unpacked.taken;
    bytes += unpacked.bytes.length;
    if (said === null) chunkBytes = chunkOf(unpacked.bytes.length * CHUNK_SPARE);
    frames.push(unpacked.bytes);
  }
  return frames.length === 1 ? frames[0]! : Buffer.concat(frames);
}

/** Node's own chunk is 16 KiB: a batch would be put together from dozens. */
function chunkOf(bytes: number): number {
  return Math.min(CHUNK_BYTES_MAX, Math.max(CHUNK_BYTES_MIN, Math.ceil(bytes)));
}
