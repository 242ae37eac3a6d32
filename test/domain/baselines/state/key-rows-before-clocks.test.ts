import { expect, it } from 'vitest';
import {
  K_CLOCK_VISITS,
  K_CLOCKS,
  K_CLOCKS_TODAY,
  KeyRows,
  keyRow,
} from '../../../../services/domain/baselines/state/key-rows.ts';
import { ByteReader, ByteWriter } from '../../../../services/domain/state/bytes.ts';
import { drawnPages } from '../../state/drawn-pages.ts';

const KEYS = 3;
const CELLS_NOW = K_CLOCKS_TODAY + 1;

/** A page as engine 11 wrote it: rows end where those of rhythms begin. */
function withoutClocks(page: Buffer): Buffer {
  const reader = new ByteReader(page);
  const out = new ByteWriter();
  out.varint(reader.varint());
  for (let number = 0; number < KEYS * 3; number++) out.varint(reader.varint());
  const rows = reader.bytes();
  const cut = Array.from({ length: KEYS }, (_, key) => rows.subarray(key * CELLS_NOW * 4, (key * CELLS_NOW + K_CLOCKS) * 4));
  out.bytes(Buffer.concat(cut));
  return out.written();
}

it('a page of the engine before rhythms were learned gives back what it had, and no rhythms', () => {
  const keys = new KeyRows();
  for (let key = 0; key < KEYS; key++) {
    keys.add(key, 492_000 + key, key - 1);
    for (let cell = 0; cell < CELLS_NOW; cell++) keys.cellsOf(key)[keyRow(key) + cell] = 100 * key + cell + 0.5;
  }
  const [page] = drawnPages(keys.pages);
  const back = new KeyRows();
  back.restore(new ByteReader(withoutClocks(page!)));
  expect(back.count).toBe(KEYS);
  for (let key = 0; key < KEYS; key++) {
    const row = keyRow(key);
    for (let cell = 0; cell < K_CLOCKS; cell++) expect(back.cellsOf(key)[row + cell]).toBe(keys.cellsOf(key)[row + cell]);
    for (const cell of [K_CLOCKS, K_CLOCK_VISITS, K_CLOCKS_TODAY]) expect(back.cellsOf(key)[row + cell]).toBe(0);
  }
});
