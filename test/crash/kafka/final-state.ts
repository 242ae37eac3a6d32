/**
 * What a log on Kafka and the ClickHouse behind it hold in the end, against the same records folded once more by somebody whom nobody
 * disturbed. The expected rows go into the same ClickHouse under another log's id, so that both are read in the same way.
 */
import { randomUUID } from 'node:crypto';
import { ROW_COLUMNS } from '../../../schemas/results/columns.ts';
import { OPEN } from '../../../services/domain/authority/authority.ts';
import { PartitionFold } from '../../../services/domain/fold/fold.ts';
import type { AppendStream, EventLog } from '../../../services/platform/log/event-log.ts';
import { readBatches } from '../../../services/platform/log/read-batches.ts';
import { resultRowsInsert } from '../../../services/platform/warehouse/result-rows.ts';
import type { Warehouse } from '../../../services/platform/warehouse/warehouse.ts';
import { compareRows, toldTwice } from '../stored-state.ts';
import { keyOf } from './hosts.ts';

const READ = { maxRecords: 5_000, maxBytes: 16 * 1024 * 1024 };
const COLUMNS = ROW_COLUMNS.map(({ name }) => `\`${name}\``)
  .filter((name) => name !== '`offset`')
  .join(', ');

export interface FinalState {
  readonly records: number;
  readonly rows: number;
  readonly missing: number;
  readonly doubled: number;
  readonly different: number;
  readonly unexpected: number;
  /** Rows that lie on disk more than once and are one in every total. */
  readonly physicalDoubles: number;
  readonly verdicts: number;
  readonly verdictsMissing: number;
  readonly verdictsChanged: number;
  readonly toldTwice: number;
  readonly rejects: number;
  readonly rejectsWrong: number;
  /** How often each record is in the log. */
  readonly found: ReadonlyMap<string, number>;
}

interface Expected {
  readonly verdicts: string[];
  readonly rejects: string[];
  readonly rows: string[];
}

export async function finalState(log: EventLog, warehouse: Warehouse): Promise<FinalState> {
  const found = new Map<string, number>();
  const [verdicts, rejects]: string[][][] = [[], []];
  const all = { expected: [] as Expected[], rows: [] as string[] };
  let [records, physicalDoubles] = [0, 0];
  for (let partition = 0; partition < log.partitions; partition++) {
    const bytes = await valuesOf(log, 'access', partition);
    for (const value of bytes) found.set(keyOf(value, partition), (found.get(keyOf(value, partition)) ?? 0) + 1);
    records += bytes.length;
    all.expected.push(await expectedOf(log, warehouse, partition));
    all.rows.push(...(await rowsOf(warehouse, log.logId, partition)));
    const [copies] = await warehouse.query<{ doubles: string }>(
      'SELECT count() - uniqExact(offset) AS doubles FROM ntk.access_results WHERE log_id = {logId:UUID} AND partition = {partition:UInt16}',
      { logId: log.logId, partition },
    );
    physicalDoubles += Number(copies!.doubles);
    verdicts!.push((await valuesOf(log, 'verdicts', partition)).map(withoutTime));
    rejects!.push((await valuesOf(log, 'rejects', partition)).map(withoutTime));
  }
  const wanted = all.expected.flatMap(({ verdicts: each }) => each);
  const told = verdicts!.flat();
  return {
    records,
    rows: all.rows.length,
    ...compareRows(
      all.expected.flatMap(({ rows }) => rows),
      all.rows,
    ),
    physicalDoubles,
    verdicts: told.length,
    verdictsMissing: lacking(wanted, told),
    verdictsChanged: lacking(told, wanted),
    toldTwice: toldTwice(verdicts!).length,
    rejects: rejects!.flat().length,
    rejectsWrong: all.expected.filter(({ rejects: each }, i) => JSON.stringify(each) !== JSON.stringify(rejects![i])).length,
    found,
  };
}

/** How many of `wanted` are not in `found`, each as often as it is wanted. */
function lacking(wanted: readonly string[], found: readonly string[]): number {
  const left = new Map<string, number>();
  for (const text of found) left.set(text, (left.get(text) ?? 0) + 1);
  let missing = 0;
  for (const text of wanted) {
    const count = left.get(text) ?? 0;
    if (count === 0) missing++;
    else left.set(text, count - 1);
  }
  return missing;
}

/** In one go, from the first record to the last. */
async function expectedOf(log: EventLog, warehouse: Warehouse, partition: number): Promise<Expected> {
  const { logId, partitions } = log;
  const fold = new PartitionFold({ logId, partition, partitions, storedUser: (user) => user, authority: OPEN });
  const [verdicts, rejects]: string[][] = [[], []];
  const erasedBelow = new Map<string, number>();
  const referenceId = randomUUID();
  let inserts = 0;
  for await (const batch of readBatches(log, 'access', partition, READ)) {
    while (fold.state.position < batch.nextOffset) {
      const outcome = fold.fold(batch, 0);
      verdicts!.push(...outcome.verdicts.map((text) => withoutTime(Buffer.from(text))));
      rejects!.push(...outcome.rejected.map((text) => withoutTime(Buffer.from(text))));
      for (const { offset, user } of outcome.erasures) erasedBelow.set(user, Math.max(offset, erasedBelow.get(user) ?? 0));
      const bytes = [Buffer.from(outcome.rows.written())];
      const token = `${referenceId} ${inserts++}`;
      await warehouse.insertRows(resultRowsInsert({ logId: referenceId, partition, bytes, scoredAtMs: '0', token }));
    }
  }
  const userAt = ROW_COLUMNS.map(({ name }) => name as string)
    .filter((name) => name !== 'offset')
    .indexOf('user');
  const rows = (await rowsOf(warehouse, referenceId, partition)).filter((row) => {
    const [, offset, ...values] = JSON.parse(row) as [number, string, ...string[]];
    return Number(offset) >= (erasedBelow.get(values[userAt]!) ?? 0);
  });
  return { verdicts: verdicts!, rejects: rejects!, rows };
}

/** A row each, without what says when it was scored: `[partition,"offset",...]`. */
async function rowsOf(warehouse: Warehouse, logId: string, partition: number): Promise<string[]> {
  const pieces: Buffer[] = [];
  const stream = await warehouse.stream(
    `SELECT partition, offset, ${COLUMNS} FROM ntk.access_results FINAL WHERE log_id = {logId:UUID} AND partition = {partition:UInt16} ORDER BY offset`,
    { format: 'JSONCompactEachRow', params: { logId, partition } },
  );
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8').split('\n').slice(0, -1);
}

export async function valuesOf(log: EventLog, stream: AppendStream, partition: number): Promise<Buffer[]> {
  const values: Buffer[] = [];
  for await (const { bytes, starts, count } of readBatches(log, stream, partition, READ))
    for (let i = 0; i < count; i++) values.push(Buffer.from(bytes.subarray(starts[i], starts[i + 1])));
  return values;
}

function withoutTime(value: Buffer): string {
  return value.toString('utf8').replace(/"(?:decidedAt|rejectedAt)":"[^"]*"/, '"at":""');
}
