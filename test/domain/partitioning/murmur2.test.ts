import fc from 'fast-check';
import { expect, test } from 'vitest';
import { murmur2, partitionOf } from '../../../services/domain/partitioning/murmur2.ts';
import { partitionOf as slowPartitionOf } from '../../reference/partitions.ts';

test('the hash of a key is the one that Kafka’s own tests name', () => {
  // org.apache.kafka.common.utils.UtilsTest, testMurmur2.
  const kafka = {
    '21': -973932308,
    foobar: -790332482,
    'a-little-bit-long-string': -985981536,
    'a-little-bit-longer-string': -1486304829,
    lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
    abc: 479470107,
  };
  expect(Object.keys(kafka).map((key) => murmur2(Buffer.from(key)))).toEqual(Object.values(kafka));
});

test('a program is on the partition where the slow judge expects it, whatever its id and however long', () => {
  const id = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
    // Around the kilobyte from which on ids are encoded otherwise.
    fc.string({ unit: 'binary', minLength: 335, maxLength: 350 }),
    fc.string({ minLength: 1_000, maxLength: 1_100 }),
  );
  fc.assert(
    fc.property(id, fc.integer({ min: 1, max: 65_535 }), (program, partitions) => {
      expect(partitionOf(program, partitions)).toBe(slowPartitionOf(program, partitions));
    }),
  );
});
