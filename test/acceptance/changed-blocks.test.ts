/** A block of the log that says something else than when it was written: a proof does not rest on it, and nothing is mended by it. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { BlockHeader } from '../../schemas/results/block.ts';
import { decodeBlock, encodeBlock, entryHash, figuresOf, FIRST_ENTRY_HASH } from '../../services/domain/results/block.ts';
import { decodeSegment, encodeSegments } from '../../services/platform/log/segment.ts';
import { Desk, ntk, ntkOk, rowsOf } from './ntk.ts';
import { access, ndjson } from './records.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const LEDGER = 'SELECT * FROM ntk.blocks FINAL ORDER BY partition, first';

const desk = new Desk();
let ledger: unknown[];
beforeAll(async () => {
  const events = Array.from({ length: 20 }, (_, i) => access({ id: `a${i}`, subject: `wx${i}` }));
  await ntkOk(['run', '--data', desk.data, '--input', desk.write('events.ndjson', ndjson(...events, '{"half":'))]);
  ledger = await rowsOf(desk.data, LEDGER);
});
afterAll(() => desk.clear());

/** Of the block with the record that cannot be read, which is the first of its partition. */
type Change = (header: BlockHeader) => BlockHeader;

/** In a copy of the folder. */
function changeBlock(name: string, change: Change): string {
  const data = join(desk.path, name);
  cpSync(desk.data, data, { recursive: true });
  const db = new DatabaseSync(join(data, 'log.db'));
  const segments = db.prepare("SELECT id, data FROM segments WHERE stream = 'results' ORDER BY partition, base_offset").all();
  for (const { id, data: stored } of segments as { id: number; data: Uint8Array }[]) {
    const { bytes, starts } = decodeSegment(stored);
    const block = decodeBlock(bytes.subarray(starts[0], starts[1]));
    if (block.header.rejects.invalid_json === 1) {
      const [segment] = encodeSegments([encodeBlock({ ...block, header: change(block.header) })]);
      db.prepare('UPDATE segments SET data = ?, value_bytes = ? WHERE id = ?').run(segment!.data, segment!.valueBytes, id);
    }
  }
  db.close();
  return data;
}

test.each<readonly [string, Change]>([
  ['how much of it was live', (header) => ({ ...header, liveRecords: header.liveRecords + 1 })],
  ['which facts it holds', (header) => ({ ...header, facts: { 'ntk.consent': 1 } })],
  ['when it was judged', (header) => ({ ...header, scoredAtMs: header.scoredAtMs + 1 })],
  ['what it is chained to', (header) => ({ ...header, entryHash: 'f'.repeat(64) })],
])('one that says otherwise %s is not proved, and repair leaves the ledger as it is', async (what, change) => {
  const data = changeBlock(what.replaceAll(' ', '-'), change);
  const found = await ntk(['verify', '--data', data]);
  expect(found.code).toBe(1);
  expect(found.stdout).toContain('does not follow from the one before it');
  expect((await ntk(['repair', '--data', data])).code).toBe(1);
  expect(await rowsOf(data, LEDGER)).toEqual(ledger);
  expect((await ntk(['verify', '--data', data])).code).toBe(1);
});

test('one with other kinds of rejects than the log gives is not proved, though their sum is right and it is chained', async () => {
  const data = changeBlock('kinds', (header) => {
    const changed = { ...header, rejects: { not_cloudevent: 1 } };
    return { ...changed, entryHash: entryHash(FIRST_ENTRY_HASH, figuresOf(changed)) };
  });
  // The ledger now says the same.
  await ntk(['repair', '--data', data]);
  const { code, stdout } = await ntk(['verify', '--data', data]);
  expect(code).toBe(1);
  expect(stdout).toContain('folding the log again gives other figures than its block says');
  // Repair has done what it can.
  expect(stdout).toContain('NOT all proved');
});
