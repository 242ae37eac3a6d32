/** Batches as a hostile host makes them, byte by byte; kafkajs's producer makes none of these. */
import { zstdCompressSync } from 'node:zlib';
import { systemClock } from '../../../../services/platform/clock.ts';
import { ORIGIN } from '../../../../services/platform/log/event-log.ts';
import { KafkaConnection } from '../../../../services/platform/log/kafka/connection.ts';
import { crc32c } from '../../../../services/platform/log/kafka/crc32c.ts';
import { encodeBatch } from '../../../../services/platform/log/kafka/record-batch.ts';
import { produceBatches } from '../../../../services/platform/log/kafka/requests.ts';

const HEADER_BYTES = 61;
const ZSTD = 4;
/** Without a producer's id, outside any transaction. */
const ORDINARY = { producerId: '-1', producerEpoch: -1, firstSequence: -1 };

/** A batch outside any transaction whose records are `body` and number `count`. */
export function hostBatch(count: number, body: Buffer): Buffer {
  const header = encodeBatch({ values: [null], keys: null, origin: ORIGIN.live, ...ORDINARY }).subarray(0, HEADER_BYTES);
  const batch = Buffer.concat([header, zstdCompressSync(body)]);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt16BE(ZSTD, 21);
  batch.writeInt32BE(count - 1, 23);
  batch.writeInt32BE(count, 57);
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
  return batch;
}

/** Records without key, value and headers: the most that a body can hold. */
export function emptyRecords(count: number): Buffer {
  const bytes: number[] = [];
  for (let i = 0; i < count; i++) {
    const offset: number[] = [];
    let rest = i * 2;
    for (; rest >= 0x80; rest >>>= 7) offset.push((rest & 0x7f) | 0x80);
    offset.push(rest);
    bytes.push((5 + offset.length) * 2, 0, 0, ...offset, 1, 1, 0);
  }
  return Buffer.from(bytes);
}

/** A batch of the format before the one of today (magic 1), with one message. */
export function oldBatch(): Buffer {
  const batch = Buffer.alloc(12 + 4 + 1 + 1 + 8 + 4 + 4);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt8(1, 16);
  batch.writeInt32BE(-1, 26);
  batch.writeInt32BE(-1, 30);
  return batch;
}

/** Answers Kafka's error code, 0 when the batch was stored. */
export async function produceRaw(address: string, topic: string, batch: Buffer): Promise<number> {
  const access = { brokers: [address], clientId: 'host' };
  const connection = new KafkaConnection({ access, topics: [topic], clock: systemClock, tryingMs: 10_000 });
  try {
    const leader = await connection.trying(() => connection.leader(topic, 0));
    const [answer] = await leader.connectionPool.send(produceBatches('', [{ topic, partition: 0, batch }], 10_000));
    return answer?.errorCode ?? -1;
  } finally {
    await connection.close();
  }
}
