import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { partitionOf } from '../../../services/domain/partitioning/murmur2.ts';
import { placesOf, subjectOf } from '../../../services/domain/partitioning/route-record.ts';

const PARTITIONS = 16;
const record = (event: unknown): Buffer => Buffer.from(JSON.stringify(event));

describe('the key of a record', () => {
  test('is its subject, and leads to the partition that the record goes to', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), fc.jsonValue(), (subject, data) => {
        fc.pre(subject !== '*');
        const value = record({ data, subject, type: 'ntk.access' });
        const key = subjectOf(value);
        expect(key).toBe(subject);
        expect(placesOf(value, PARTITIONS)).toEqual([partitionOf(key!, PARTITIONS)]);
      }),
    );
  });

  test('is the last of several subjects, as for whoever reads the record', () => {
    expect(subjectOf(Buffer.from('{"subject":"first","subject":"last"}'))).toBe('last');
    expect(subjectOf(Buffer.from('{"subject":"a\\u0062c"}'))).toBe('abc');
  });

  test.each([
    ['no JSON', Buffer.from('{')],
    ['not UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['no subject', record({ type: 'ntk.access' })],
    ['an empty subject', record({ subject: '' })],
    ['a subject that is no text', record({ subject: 7 })],
    ['an escape that leaves half a character', Buffer.from('{"subject":"\\ud800"}')],
    ['an array', record(['subject'])],
    ['more than a record may have', Buffer.alloc(1_048_577, 0x20)],
  ])('is none for %s', (_, value) => {
    expect(subjectOf(value)).toBeNull();
  });
});
