/**
 * The worked example of the contract with hostile programs added, judged and stored by the product, and the same judged by the
 * reference judge, which has never seen a database.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openChdbWarehouse } from '../../../services/platform/warehouse/chdb/open-chdb-warehouse.ts';
import type { Warehouse } from '../../../services/platform/warehouse/warehouse.ts';
import { ntkOk, withLog } from '../../acceptance/ntk.ts';
import { EVENTS, POLICY_YAML } from '../../conformance/example.ts';
import { judge, type Judgement, type Verdict } from '../../reference/judge.ts';
import { linesOf } from '../../reference/records.ts';

/** Ids that would end a string, open a comment, be a macro or a command of a shell. */
export const HOSTILE_PROGRAMS = [
  String.raw`\' OR 1=1 --`,
  `' OR 1=1 --`,
  `"; $(touch /tmp/owned); '`,
  '$__timeFilter(event_time) ${log:raw} %27 %',
  'wx🦊-ñ-é',
] as const;
const HOSTILE_SOURCE = `host/'; rm -rf "$HOME" #\\`;

function hostileLines(): Buffer {
  const lines = HOSTILE_PROGRAMS.flatMap((subject, i) =>
    [0, 1, 2].map((n) =>
      JSON.stringify({
        specversion: '1.0',
        id: `-e ' "$(id)" ${i}-${n}${n === 2 ? '\n\u001b[2J' : ''}`,
        source: HOSTILE_SOURCE,
        type: 'ntk.access',
        subject,
        time: `2026-03-02T0${n}:00:00.5Z`,
        data: {
          user: `hostile-${n}`,
          api: 'wx.createCameraContext',
          category: 'camera',
          outcome: ['pending', 'performed', 'refused'][n],
        },
      }),
    ),
  );
  return Buffer.from(`${lines.join('\n')}\n`);
}

/** The example's policy, which also intercepts what hostile programs do without consent. */
const HOSTILE_POLICY_YAML = POLICY_YAML.replace(
  /^ {2}overrides:$/m,
  `  overrides:\n    - match: { programs: ${JSON.stringify(HOSTILE_PROGRAMS)} }\n      mode: enforce`,
);

/** The hostile ones first: the example brings policies of its own. */
export const INPUT: Buffer = Buffer.concat([hostileLines(), EVENTS]);
/** Lines by the number that a verdict has as its `record`. */
export const LINES: readonly Buffer[] = linesOf(INPUT);

interface PublishedVerdict {
  readonly eventId: string;
  readonly source: string;
  readonly program: string;
  readonly remedy: string;
}

export interface StoredExample {
  readonly data: string;
  readonly logId: string;
  readonly warehouse: Warehouse;
  readonly judgement: Judgement;
  /** What hosts were told, by program, source and event id. */
  readonly remedies: ReadonlyMap<string, string>;
  /** Of each partition: where the log ends, and how many blocks of results it has. */
  readonly ends: readonly number[];
  readonly blocks: readonly number[];
  /** Lets the folder go for as long as a command needs it. */
  letGo<T>(work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export const eventKey = ({ program, source, event_id }: Pick<Verdict, 'program' | 'source' | 'event_id'>): string =>
  JSON.stringify([program, source, event_id]);

/** A range of partition 0 behind everything else that was accepted as lost. */
export const GAP = { records: 5, acceptedBy: 'an operator', reason: 'a disk was lost' };

/** A gap is in the ledger; every row and every entry lies there twice, as after a crash, and no merge tidies them up. */
async function doublePhysically(warehouse: Warehouse, logId: string): Promise<void> {
  for (const table of ['access_results', 'blocks']) await warehouse.command(`SYSTEM STOP MERGES ntk.${table}`);
  await warehouse.command(
    `INSERT INTO ntk.blocks (log_id, partition, first, next, kind, state_to, accepted_by, reason)
SELECT {logId:UUID}, 0, max(next), max(next) + ${GAP.records}, 'gap', max(next) + ${GAP.records}, '${GAP.acceptedBy}', '${GAP.reason}'
FROM ntk.blocks WHERE log_id = {logId:UUID} AND partition = 0`,
    { logId },
  );
  for (const table of ['access_results', 'blocks'])
    await warehouse.command(`INSERT INTO ntk.${table} SETTINGS insert_deduplicate = 0 SELECT * FROM ntk.${table}`);
}

export async function storeExample(): Promise<StoredExample> {
  const folder = mkdtempSync(join(tmpdir(), 'ntk-boards-'));
  const data = join(folder, 'data');
  const policy = join(folder, 'policy.yaml');
  writeFileSync(policy, HOSTILE_POLICY_YAML);
  await ntkOk(['run', '--data', data, '--policy', policy, '--input', '-'], { input: INPUT });
  const { logId, partitions, remedies, ends, blocks } = await withLog(data, async (log) => {
    const told = new Map<string, string>();
    const sourceEnds: number[] = [];
    const blockCounts: number[] = [];
    for (let partition = 0; partition < log.partitions; partition++) {
      sourceEnds.push((await log.bounds('access', partition)).end);
      blockCounts.push((await log.read('results', partition, 0, { maxRecords: 100_000, maxBytes: 1e9 })).count);
      const batch = await log.read('verdicts', partition, 0, { maxRecords: 100_000, maxBytes: 1e9 });
      for (let i = 0; i < batch.count; i++) {
        const verdict = JSON.parse(batch.bytes.subarray(batch.starts[i], batch.starts[i + 1]).toString()) as PublishedVerdict;
        told.set(eventKey({ ...verdict, event_id: verdict.eventId }), verdict.remedy);
      }
    }
    return { logId: log.logId, partitions: log.partitions, remedies: told, ends: sourceEnds, blocks: blockCounts };
  });
  const open = (): Warehouse => openChdbWarehouse({ path: join(data, 'clickhouse'), spoolDir: join(data, 'spool') });
  let warehouse = open();
  await doublePhysically(warehouse, logId);
  return {
    data,
    logId,
    get warehouse() {
      return warehouse;
    },
    judgement: judge({ lines: INPUT, policyYamlText: HOSTILE_POLICY_YAML }, { partitions }),
    remedies,
    ends,
    blocks,
    letGo: async (work) => {
      await warehouse.close();
      try {
        return await work();
      } finally {
        warehouse = open();
      }
    },
    close: async () => {
      await warehouse.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
