/** All SQL of the log, prepared once for a connection. */
import type { DatabaseSync } from 'node:sqlite';
import type { SegmentPlace } from './recent-segments.ts';

export interface SegmentRow extends SegmentPlace {
  readonly data: Uint8Array;
}

export interface HeadRow {
  readonly next: number;
  readonly appendedAtMs: number;
}

const SEGMENT = 'base_offset AS base, count, value_bytes AS valueBytes, appended_at_ms AS appendedAtMs, origin, data';
const AT = 'stream = ?1 AND partition = ?2';

export type Statements = ReturnType<typeof prepareStatements>;

export function prepareStatements(db: DatabaseSync) {
  return {
    // IMMEDIATE: a transaction that reads first and writes later would fail, not wait, when another process wrote in between.
    begin: db.prepare('BEGIN IMMEDIATE'),
    commit: db.prepare('COMMIT'),
    rollback: db.prepare('ROLLBACK'),

    insertSegment: db.prepare(
      'INSERT INTO segments (stream, partition, base_offset, count, value_bytes, appended_at_ms, origin, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    ),
    /** From the segment that holds an offset, or else the one behind it. */
    segmentsFrom: db.prepare(
      `SELECT ${SEGMENT} FROM segments WHERE ${AT} AND base_offset >=
         coalesce((SELECT max(base_offset) FROM segments WHERE ${AT} AND base_offset <= ?3), ?3)
       ORDER BY base_offset`,
    ),
    lastSegment: db.prepare(`SELECT ${SEGMENT} FROM segments WHERE ${AT} ORDER BY base_offset DESC LIMIT 1`),
    /** Segments wholly before an offset, oldest first. */
    deleteSegments: db.prepare(
      `DELETE FROM segments WHERE id IN
         (SELECT id FROM segments WHERE ${AT} AND base_offset < ?3 AND base_offset + count <= ?3 ORDER BY base_offset LIMIT ?4)
       RETURNING count`,
    ),

    head: db.prepare(`SELECT next_offset AS next, appended_at_ms AS appendedAtMs FROM heads WHERE ${AT}`),
    setHead: db.prepare(
      `INSERT INTO heads (stream, partition, next_offset, appended_at_ms) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset, appended_at_ms = excluded.appended_at_ms`,
    ),
    /** Always one row; one statement, so that both ends are of the same moment. */
    bounds: db.prepare(
      `SELECT (SELECT min(base_offset) FROM segments WHERE ${AT}) AS first, (SELECT next_offset FROM heads WHERE ${AT}) AS next`,
    ),
    /** Grows with every append to a stream. */
    ends: db.prepare('SELECT stream, sum(next_offset) AS total FROM heads GROUP BY stream'),
    dataVersion: db.prepare('PRAGMA data_version'),

    putKeyed: db.prepare(
      'INSERT INTO keyed (stream, partition, key, value) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    ),
    deleteKeyed: db.prepare(`DELETE FROM keyed WHERE ${AT} AND key = ?3`),
    getKeyed: db.prepare(`SELECT value FROM keyed WHERE ${AT} AND key = ?3`),
    keyedFrom: db.prepare(`SELECT key, value FROM keyed WHERE ${AT} AND key >= ?3 ORDER BY key LIMIT 1`),
    keyedAfter: db.prepare(`SELECT key, value FROM keyed WHERE ${AT} AND key > ?3 ORDER BY key LIMIT 1`),

    claim: db.prepare(
      'INSERT INTO owners (role, partition, epoch) VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET epoch = epoch + 1 RETURNING epoch',
    ),
    epoch: db.prepare('SELECT epoch FROM owners WHERE role = ? AND partition = ?'),

    position: db.prepare('SELECT next_offset AS next, note FROM positions WHERE consumer = ? AND partition = ?'),
    setPosition: db.prepare(
      `INSERT INTO positions (consumer, partition, next_offset, note) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset, note = excluded.note`,
    ),
  };
}
