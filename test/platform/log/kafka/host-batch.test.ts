import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RECORD_BYTES_MAX } from '../../../../schemas/codes.ts';
import { LogError, ORIGIN } from '../../../../services/platform/log/event-log.ts';
import { BODY_BYTES_MAX } from '../../../../services/platform/log/kafka/batch-compression.ts';
import { decodeHostBatch } from '../../../../services/platform/log/kafka/host-batch.ts';
import { crc32c } from '../../../../services/platform/log/kafka/crc32c.ts';
import { encodeBatch, type RawBatch, splitBatches } from '../../../../services/platform/log/kafka/record-batch.ts';
import { emptyRecords, hostBatch } from './produce-raw.ts';

const HEADER_BYTES = 61;

function only(bytes: Buffer): RawBatch {
  const [batch] = splitBatches(bytes);
  if (batch === undefined) throw new Error('there is no whole batch');
  return batch;
}

/** With what is stored in place of its records, and the checksum of that. */
function stored(bytes: Buffer, body: Buffer): Buffer {
  const copy = Buffer.concat([bytes.subarray(0, HEADER_BYTES), body]);
  copy.writeInt32BE(copy.length - 12, 8);
  copy.writeUInt32BE(crc32c(copy.subarray(21)), 17);
  return copy;
}

const valueOf = (batch: RawBatch): Buffer => {
  const { body, valueStarts, valueLengths } = decodeHostBatch(batch);
  return body.subarray(valueStarts[0], valueStarts[0]! + valueLengths[0]!);
};

describe('a batch of a host', () => {
  test('that can be read is read like any other', () => {
    expect(decodeHostBatch(only(hostBatch(3, emptyRecords(3))))).toMatchObject({ count: 3 });
  });

  test('that unpacks to too much is one record of what is stored, one byte too long', () => {
    const bomb = only(hostBatch(7, Buffer.alloc(BODY_BYTES_MAX + 1)));
    const value = valueOf(bomb);
    expect(value.length).toBe(RECORD_BYTES_MAX + 1);
    expect(value.subarray(0, bomb.body.length).equals(bomb.body)).toBe(true);
    expect(decodeHostBatch(bomb).offsets).toEqual(Float64Array.of(6));
    expect(decodeHostBatch(bomb).origins).toEqual(Uint8Array.of(ORIGIN.live));
    // In several frames, each of which would do by itself.
    const half = zstdCompressSync(Buffer.alloc(BODY_BYTES_MAX / 2 + 1));
    expect(valueOf(only(stored(hostBatch(7, Buffer.alloc(0)), Buffer.concat([half, half, half])))).length).toBe(
      RECORD_BYTES_MAX + 1,
    );
  });

  test('of bytes that no codec reads is one record that is no text, the same each time', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (bytes) => {
        const batch = only(stored(hostBatch(5, Buffer.alloc(0)), Buffer.from(bytes)));
        const { count, offsets } = decodeHostBatch(batch);
        expect({ count, last: offsets[count - 1] }).toEqual({ count: 1, last: 4 });
        expect(valueOf(batch)[0]).toBe(0xff);
        expect(valueOf(batch).equals(valueOf(batch))).toBe(true);
      }),
    );
  });

  test('that was damaged on its way here stops the partition, and so does one of ours that cannot be read', () => {
    const damaged = stored(hostBatch(5, Buffer.alloc(0)), Buffer.from('no frame'));
    damaged.writeUInt32BE(0, 17);
    expect(() => decodeHostBatch(only(damaged))).toThrow(LogError);
    const ours = encodeBatch({
      values: [Buffer.from('a')],
      keys: null,
      origin: ORIGIN.live,
      producerId: '1',
      producerEpoch: 0,
      firstSequence: 0,
    });
    expect(() => decodeHostBatch(only(stored(ours, Buffer.from('no frame'))))).toThrow(LogError);
  });
});
