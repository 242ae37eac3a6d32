/** Which commits of the log in a SQLite file wait for the disk. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Transaction } from '../../../services/platform/log/event-log.ts';
import { readManifest, setUpConnection, type SyncMode } from '../../../services/platform/log/sqlite/format.ts';
import { openSqliteLog } from '../../../services/platform/log/sqlite/open-sqlite-log.ts';
import { SqliteEventLog } from '../../../services/platform/log/sqlite/sqlite-event-log.ts';

const clock = { nowMs: () => 1_800_000_000_000 };
/** What SQLite calls its modes (https://sqlite.org/pragma.html#pragma_synchronous). */
const [OFF, NORMAL, FULL] = [0, 1, 2];

let folder: string;
let db: DatabaseSync;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ntk-sync-'));
  await (await openSqliteLog({ path: join(folder, 'log.db'), create: true, clock })).close();
  db = new DatabaseSync(join(folder, 'log.db'));
});
afterEach(() => {
  if (db.isOpen) db.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The log, on a connection that notes, with each position that moves, the mode in which SQLite is going to commit it. */
function watched(syncMode: SyncMode): SqliteEventLog {
  setUpConnection(db, syncMode, undefined);
  db.exec(`
    CREATE TEMP TABLE modes (of INTEGER, mode INTEGER);
    CREATE TEMP TRIGGER moved AFTER INSERT ON main.positions BEGIN INSERT INTO modes SELECT NEW.next_offset, synchronous FROM pragma_synchronous; END;
    CREATE TEMP TRIGGER again AFTER UPDATE ON main.positions BEGIN INSERT INTO modes SELECT NEW.next_offset, synchronous FROM pragma_synchronous; END;
  `);
  const path = join(folder, 'log.db');
  return new SqliteEventLog({ db, path, manifest: readManifest(db, path), clock, syncMode });
}

function modes(): number[][] {
  return db
    .prepare('SELECT of, mode FROM modes ORDER BY rowid')
    .all()
    .map((row) => Object.values(row) as number[]);
}

const moveTo = (offset: number, isBarrier: boolean): Transaction => ({
  position: { consumer: 'writer', partition: 0, offset, note: '' },
  isBarrier,
});

test.each<[SyncMode, number[]]>([
  ['full', [FULL, FULL, FULL]],
  ['barriers', [NORMAL, FULL, NORMAL]],
  ['off', [OFF, OFF, OFF]],
])('in mode %s', async (mode, expected) => {
  const owner = await watched(mode).claim('writer', 0);
  for (const [i, isBarrier] of [false, true, false].entries()) await owner.commit(moveTo(i + 1, isBarrier));
  expect(modes()).toEqual(expected.map((each, i) => [i + 1, each]));
});

test('a barrier among commits that are asked for together has all of them wait for the disk', async () => {
  const owner = await watched('barriers').claim('writer', 0);
  await Promise.all([1, 2, 3].map((offset) => owner.commit(moveTo(offset, offset === 2))));
  await owner.commit(moveTo(4, false));
  expect(modes()).toEqual([
    [1, FULL],
    [2, FULL],
    [3, FULL],
    [4, NORMAL],
  ]);
});

test('behind a barrier that failed commits do not wait for the disk either', async () => {
  const log = watched('barriers');
  const owner = await log.claim('writer', 0);
  db.exec(
    "CREATE TEMP TRIGGER full BEFORE INSERT ON main.positions WHEN NEW.next_offset = 7 BEGIN SELECT RAISE(ABORT, 'made up'); END",
  );
  await expect(owner.commit(moveTo(7, true))).rejects.toThrow('made up');
  await owner.commit(moveTo(8, false));
  expect(modes()).toEqual([[8, NORMAL]]);
});
