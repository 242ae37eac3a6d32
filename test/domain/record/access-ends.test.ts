/** Ends of records that share a place in what is remembered of them, and what is remembered of lists: neither is mistaken, and neither grows. */
import { describe, expect, it } from 'vitest';
import { scanAccess } from '../../../services/domain/record/scan-access.ts';
import { ORDINARY } from './drawn-accesses.ts';

const { data: _, ...TOP } = ORDINARY;
const BEFORE = `${JSON.stringify(TOP).slice(0, -1)},"data":{"user":"u"`;
const scanned = (end: string) => {
  const bytes = Buffer.from(BEFORE + end);
  return scanAccess(bytes, 0, bytes.length)?.data ?? null;
};
/** An end is kept when it is read for the second time. */
const keep = (end: string): void => {
  for (let i = 0; i < 2; i++) scanned(end);
};

describe('the end of a record', () => {
  // There are 4,096 places: among so many some meet.
  it('is told from a longer one in its place that begins with it', () => {
    const mistaken: string[] = [];
    for (let page = 0; page < 20_000; page++) {
      const own = `,"api":"a","page":"${page}}}`;
      keep(`${own}","rows":1}}`);
      if (scanned(own) !== null) mistaken.push(own);
    }
    expect(mistaken).toEqual([]);
  });
});

it('lists of fields are remembered until there are too many, and those that come again afterwards are lists of their own', () => {
  let asked = 0;
  const fieldsOf = (field: string) => scanned(`,"api":"a","fields":["${field}"],"page":"${field}${asked++}"}}`)?.fields;
  const known = fieldsOf('known');
  expect(known).toEqual(['known']);
  expect(fieldsOf('known')).toBe(known);
  for (let i = 0; i < 4_096; i++) expect(fieldsOf(`f${i}`)).toEqual([`f${i}`]);
  expect(fieldsOf('known')).not.toBe(known);
});
