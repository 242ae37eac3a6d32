/**
 * Batches that hosts make. Nothing that a host can make stops a partition: a batch that this release does not unpack (a bomb of zeros, a
 * million empty records, a frame that wants more memory than there is) is read as one record at the batch's last offset, whose
 * value the fold rejects. One and not as many as the batch says it has: that number is the host's, and may be two thousand million.
 *
 * Reading it again has to give the same reject, so the value is made of the stored bytes and of nothing else. Bytes that were damaged on
 * their way here are told by the checksum: they stop the partition, as does everything that is wrong in what only we write.
 */
import { RECORD_BYTES_MAX } from '../../../../schemas/codes.ts';
import { LogError, ORIGIN } from '../event-log.ts';
import { BatchTooLarge, hasKnownCodec } from './batch-compression.ts';
import { crc32c } from './crc32c.ts';
import { type DecodedBatch, decodeBatch, type RawBatch } from './record-batch.ts';
import type { RecordColumns } from './record-columns.ts';

/** No UTF-8, so no JSON, whatever follows. */
const NO_TEXT = 0xff;

/** @param columns see {@link decodeBatch} @throws LogError log_corrupt */
export function decodeHostBatch(batch: RawBatch, columns?: RecordColumns): DecodedBatch {
  try {
    return decodeBatch(batch, columns);
  } catch (error) {
    if (!(error instanceof LogError) || batch.isTransactional || !hasKnownCodec(batch.attributes)) throw error;
    if (crc32c(batch.checked) !== batch.checksum) throw error;
    return standIn(batch, error instanceof BatchTooLarge ? tooLarge(batch.body) : unreadable(batch.body));
  }
}

/** Rejected as `too_large`: what is stored, and zeros up to the first length that a record may not have. */
function tooLarge(stored: Buffer): Buffer {
  const value = Buffer.alloc(Math.max(stored.length, RECORD_BYTES_MAX + 1));
  stored.copy(value);
  return value;
}

/** Rejected as `invalid_json`. */
function unreadable(stored: Buffer): Buffer {
  return Buffer.concat([Buffer.of(NO_TEXT), stored]);
}

function standIn({ lastOffset, maxTimeMs }: RawBatch, value: Buffer): DecodedBatch {
  return {
    count: 1,
    body: value,
    offsets: Float64Array.of(lastOffset),
    timesMs: Float64Array.of(maxTimeMs),
    keyStarts: Int32Array.of(0),
    keyLengths: Int32Array.of(-1),
    valueStarts: Int32Array.of(0),
    valueLengths: Int32Array.of(value.length),
    origins: Uint8Array.of(ORIGIN.live),
  };
}
