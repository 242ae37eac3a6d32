/**
 * The worked example of the contract with hostile programs added, judged and stored by the product, and the same judged by the
 * reference judge, which has never seen a database.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openChdbWarehouse } from '../../../services/platform/warehouse/chdb/open-chdb-warehouse.ts';
import type { Warehouse } from '../../../services/platform/warehouse/warehouse.ts';
import { ntkOk, withLog } from '../../acceptance/ntk.ts';
import { EVENTS, POLICY_PATH, POLICY_YAML } from '../../conformance/example.ts';
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
        data: { user: `hostile-${n}`, api: 'wx.getLocation', outcome: ['pending', 'performed', 'refused'][n] },
      }),
    ),
  );
  return Buffer.from(`${lines.join('\n')}\n`);
}

export const INPUT: Buffer = Buffer.concat([EVENTS, Buffer.from('\n'), hostileLines()]);
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
  /** Lets the folder go for as long as a command needs it. */
  letGo<T>(work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export const eventKey = ({ program, source, event_id }: Pick<Verdict, 'program' | 'source' | 'event_id'>): string =>
  JSON.stringify([program, source, event_id]);

export async function storeExample(): Promise<StoredExample> {
  const folder = mkdtempSync(join(tmpdir(), 'ntk-boards-'));
  const data = join(folder, 'data');
  await ntkOk(['run', '--data', data, '--policy', POLICY_PATH, '--input', '-'], { input: INPUT });
  const { logId, partitions, remedies } = await withLog(data, async (log) => {
    const told = new Map<string, string>();
    for (let partition = 0; partition < log.partitions; partition++) {
      const batch = await log.read('verdicts', partition, 0, { maxRecords: 100_000, maxBytes: 1e9 });
      for (let i = 0; i < batch.count; i++) {
        const verdict = JSON.parse(batch.bytes.subarray(batch.starts[i], batch.starts[i + 1]).toString()) as PublishedVerdict;
        told.set(eventKey({ ...verdict, event_id: verdict.eventId }), verdict.remedy);
      }
    }
    return { logId: log.logId, partitions: log.partitions, remedies: told };
  });
  const open = (): Warehouse => openChdbWarehouse({ path: join(data, 'clickhouse'), spoolDir: join(data, 'spool') });
  let warehouse = open();
  return {
    data,
    logId,
    get warehouse() {
      return warehouse;
    },
    judgement: judge({ lines: INPUT, policyYamlText: POLICY_YAML }, { partitions }),
    remedies,
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
