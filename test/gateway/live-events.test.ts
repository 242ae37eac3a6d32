import { describe, expect, it } from 'vitest';
import { appendsOf, recordsOf } from '../../services/gateway/live-events.ts';
import { partitionOf } from '../../services/domain/partitioning/murmur2.ts';
import { ORIGIN } from '../../services/platform/log/event-log.ts';

const event = (subject: string, type = 'ntk.access'): string =>
  JSON.stringify({ specversion: '1.0', id: '1', source: 's', type, subject, time: '2026-01-01T00:00:00Z', data: {} });

function texts(records: ReturnType<typeof recordsOf>): string[] {
  if ('problem' in records) throw new Error(records.problem);
  return records.map((record) => record.toString());
}

describe('the body of a request', () => {
  it('is one record when it is a single event, whatever it holds', () => {
    expect(texts(recordsOf('application/cloudevents+json; charset=utf-8', Buffer.from('{"half')))).toEqual(['{"half']);
  });

  it('is a record a member when it is a batch', () => {
    expect(texts(recordsOf('application/cloudevents-batch+json', Buffer.from(`[${event('a')}, ${event('b')}]`)))).toEqual([
      event('a'),
      event('b'),
    ]);
  });

  it('is a record a line when it is NDJSON: blank lines and line ends are none of it', () => {
    expect(texts(recordsOf('application/x-ndjson', Buffer.from('{"a":1}\r\n\n \t\n{"b":2}\n{"c":3}')))).toEqual([
      '{"a":1}',
      '{"b":2}',
      '{"c":3}',
    ]);
  });

  it.each([
    ['text/plain', '{}'],
    ['application/cloudevents-batch+json', '{}'],
    ['application/cloudevents-batch+json', '['],
  ])('of type %s with %j is refused in words', (type, body) => {
    expect(recordsOf(type, Buffer.from(body))).toMatchObject({ problem: expect.stringMatching(/\w+/) as string });
  });
});

describe('records of hosts', () => {
  it('go to the partition of their program, in order, a policy to all, what cannot be read to the first', () => {
    const records = [event('wx1'), event('*', 'ntk.policy'), 'no json', event('wx1')].map((text) => Buffer.from(text));
    const appends = appendsOf(records, 4);
    expect(appends.every(({ origin, stream }) => origin === ORIGIN.live && stream === 'access')).toBe(true);
    const of = (partition: number): string[] =>
      (appends.find((append) => append.partition === partition)?.values ?? []).map((value) => Buffer.from(value).toString());
    const home = partitionOf('wx1', 4);
    expect(of(home).filter((text) => text !== 'no json')).toEqual([event('wx1'), event('*', 'ntk.policy'), event('wx1')]);
    expect(of(0)).toContain('no json');
    for (let partition = 0; partition < 4; partition++) expect(of(partition)).toContain(event('*', 'ntk.policy'));
  });

  it('that are too large are kept one byte longer than allowed, so that they are rejected as such', () => {
    const [append] = appendsOf([Buffer.alloc(3_000_000, 0x20)], 4);
    expect(append?.values[0]?.length).toBe(1_048_577);
  });
});
