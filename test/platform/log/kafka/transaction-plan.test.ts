import { describe, expect, test } from 'vitest';
import { ORIGIN } from '../../../../services/platform/log/event-log.ts';
import { planTransaction } from '../../../../services/platform/log/kafka/transaction-plan.ts';

const options = { partitions: 2, topicOf: (stream: string) => `ntk.${stream}.v1` };
const MIB = 1024 * 1024;
const value = (bytes: number): Buffer => Buffer.alloc(bytes, 1);

describe('what a transaction writes to Kafka', () => {
  test('is cut into chunks that fit into a batch, and each append knows its first one', () => {
    const { chunks, firstChunks } = planTransaction(
      {
        appends: [
          { stream: 'access', partition: 0, values: [value(MIB), value(MIB / 2), value(MIB / 2), value(1)] },
          { stream: 'results', partition: 1, values: [] },
          { stream: 'verdicts', partition: 1, values: Array.from({ length: 10_001 }, () => value(1)), origin: ORIGIN.run },
        ],
      },
      options,
    );
    expect(chunks.map(({ topic, partition, values }) => [topic, partition, values.length])).toEqual([
      ['ntk.access.v1', 0, 1],
      ['ntk.access.v1', 0, 2],
      ['ntk.access.v1', 0, 1],
      ['ntk.verdicts.v1', 1, 10_000],
      ['ntk.verdicts.v1', 1, 1],
    ]);
    expect(firstChunks).toEqual([0, null, 3]);
    expect(chunks.map(({ origin }) => origin)).toEqual([0, 0, 0, ORIGIN.run, ORIGIN.run]);
  });

  test('gives each value the key that it is said to have, by a list or by a function, across chunks', () => {
    const values = Array.from({ length: 10_002 }, (_, i) => Buffer.from(String(i)));
    const plan = (keys: NonNullable<Parameters<typeof planTransaction>[0]['appends']>[number]['keys']) =>
      planTransaction(
        { appends: [{ stream: 'access', partition: 0, values, ...(keys === undefined ? {} : { keys }) }] },
        options,
      );
    const expected = values.map((each, i) => (i % 3 === 0 ? null : `key ${each.toString()}`));
    const keysOf = ({ chunks }: ReturnType<typeof plan>): (string | null)[] =>
      chunks.flatMap((chunk) => chunk.keys?.map((key) => key?.toString() ?? null) ?? []);
    expect(keysOf(plan(expected))).toEqual(expected);
    expect(keysOf(plan((each) => expected[Number(Buffer.from(each).toString())]!))).toEqual(expected);
    expect(plan(undefined).chunks.map(({ keys }) => keys)).toEqual([null, null]);
    expect(() => plan(['one'])).toThrow(RangeError);
  });

  test('holds keys in the order in which they were put, and the position last', () => {
    const { chunks } = planTransaction(
      {
        puts: [
          { stream: 'checkpoints', partition: 1, key: 'a', value: value(200 * 1024) },
          { stream: 'imports', partition: 0, key: 'c', value: null },
          { stream: 'checkpoints', partition: 1, key: 'b', value: value(200 * 1024) },
          { stream: 'checkpoints', partition: 1, key: 'a', value: null },
        ],
        position: { consumer: 'writer', partition: 0, offset: Number.MAX_SAFE_INTEGER, note: 'n' },
      },
      options,
    );
    expect(
      chunks.map(({ topic, keys, values }) => [topic, keys?.map(String), values.map((bytes) => bytes?.length ?? null)]),
    ).toEqual([
      ['ntk.checkpoints.v1', ['a'], [200 * 1024]],
      ['ntk.checkpoints.v1', ['b', 'a'], [200 * 1024, null]],
      ['ntk.imports.v1', ['c'], [null]],
      ['ntk.positions.v1', ['position/writer'], [chunks.at(-1)!.values[0]!.length]],
    ]);
    expect(JSON.parse(String(chunks.at(-1)?.values[0]))).toEqual({ offset: Number.MAX_SAFE_INTEGER, note: 'n' });
  });

  test('is refused as a whole for a partition that is not there, a value that is too large or a key that is no Unicode', () => {
    const refused = [
      { appends: [{ stream: 'access' as const, partition: 2, values: [] }] },
      { appends: [{ stream: 'access' as const, partition: 0, values: [value(4 * MIB)] }] },
      { puts: [{ stream: 'checkpoints' as const, partition: 0, key: 'k', value: value(4 * MIB + 1) }] },
      { puts: [{ stream: 'checkpoints' as const, partition: 0, key: '\ud800', value: null }] },
      { position: { consumer: 'scorer' as const, partition: -1, offset: 0, note: '' } },
    ];
    for (const transaction of refused) expect(() => planTransaction(transaction, options)).toThrow(RangeError);
  });
});
