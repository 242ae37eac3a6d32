/** Stored accesses come page by page, and all pages together are what one question would answer. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AccessOrder, accessPages, type StoredAccess } from '../../services/auditor/find-access.ts';
import type { Warehouse } from '../../services/platform/warehouse/warehouse.ts';
import { ntkHereOk } from '../acceptance/in-process.ts';
import { behindItsBack, Desk } from '../acceptance/ntk.ts';
import { access, ndjson } from '../acceptance/records.ts';

const ACCESSES = 24;
const HOSTS = 3;
const ALL = 1_000;

const desk = new Desk();
let logId: string;
beforeAll(async () => {
  // Several at the same time, in several partitions, and not in the order in which they came.
  const lines = Array.from({ length: ACCESSES }, (_, i) =>
    access({ id: `e${i}`, subject: `wx${i % 5}`, source: `host/${i % HOSTS}`, time: `2026-03-01T08:00:0${(i * 7) % 4}Z` }),
  );
  await ntkHereOk(['run', '--data', desk.data, '--input', desk.write('events.ndjson', ndjson(...lines))]);
  logId = await asked(async (warehouse) => {
    const [row] = await warehouse.query<{ log_id: string }>('SELECT DISTINCT log_id FROM ntk.access_results');
    return row!.log_id;
  });
}, 60_000);
afterAll(() => desk.clear());

function asked<T>(work: (warehouse: Warehouse) => Promise<T>): Promise<T> {
  return behindItsBack(desk.data, work);
}

type Pages = readonly (readonly StoredAccess[])[];

async function pages(
  warehouse: Warehouse,
  order: AccessOrder,
  max: number,
  pageRows: number,
  filter: { source?: string } = {},
): Promise<Pages> {
  return Array.fromAsync(accessPages(warehouse, logId, filter, { max, order, pageRows }));
}

const placesOf = (found: Pages): string[] => found.flat().map(({ partition, offset }) => `${partition}-${offset}`);

describe.each(['event time', 'newest'] as const)('in the order of %s', (order) => {
  test('pages of any size are the same rows in the same order', async () => {
    await asked(async (warehouse) => {
      const whole = await pages(warehouse, order, ALL, ALL);
      expect(whole).toHaveLength(1);
      expect(new Set(placesOf(whole)).size).toBe(ACCESSES);
      for (const pageRows of [1, 2, 5, ACCESSES, ACCESSES + 1]) {
        const found = await pages(warehouse, order, ALL, pageRows);
        expect(placesOf(found)).toEqual(placesOf(whole));
        expect(Math.max(...found.map((page) => page.length))).toBe(Math.min(pageRows, ACCESSES));
      }
    });
  });

  test('there are no more than asked for, wherever a page ends, and only those that match', async () => {
    await asked(async (warehouse) => {
      const whole = placesOf(await pages(warehouse, order, ALL, ALL));
      for (const max of [1, 4, 5, 6, ACCESSES])
        expect(placesOf(await pages(warehouse, order, max, 5))).toEqual(whole.slice(0, max));
      const ofOne = await pages(warehouse, order, ALL, 3, { source: 'host/1' });
      expect(new Set(ofOne.flat().map(({ source }) => source))).toEqual(new Set(['host/1']));
      expect(ofOne.flat()).toHaveLength(ACCESSES / HOSTS);
      expect(await pages(warehouse, order, ALL, 3, { source: 'host/none' })).toEqual([]);
    });
  });
});
