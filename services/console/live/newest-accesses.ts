/** The newest accesses that were intercepted, or would have been, told in plain words. Never holds a user. */
import { ACTIONS } from '../../../schemas/codes.ts';
import { printable } from '../../../schemas/policy/wording.ts';
import { whatItDid, type AccessToTell } from '../../domain/wording/access.ts';
import { reasonInWords } from '../../domain/wording/reasons.ts';
import { evidenceOf } from '../../domain/wording/stored-checks.ts';
import type { Warehouse } from '../../platform/warehouse/warehouse.ts';
import { programAddress } from '../review/addresses.ts';

const NEWEST_MAX = 20;
/** Places looked at behind the end of each partition, first and when that gave too few: a range of the key, not the whole table. */
const LOOK_BACK = [20_000, 500_000, Number.MAX_SAFE_INTEGER] as const;
const PROGRAM_CHARACTERS_MAX = 80;
const REMEDY_CHARACTERS_MAX = 400;

export interface ToldAccess {
  /** `PARTITION-OFFSET`: which one it is, for opening it. */
  readonly id: string;
  /** When it happened, RFC 3339. */
  readonly at: string;
  readonly program: string;
  /** Where the page about the program is; null where it has none. */
  readonly page: string | null;
  /** Stands behind the program's name. */
  readonly did: string;
  /** The gravest first. */
  readonly reasons: readonly { readonly title: string; readonly sentence: string }[];
  /** A sentence for the program's developer. */
  readonly remedy: string;
  readonly became: 'prevented' | 'already_refused' | 'late' | 'let_pass';
}

interface TellableRow extends AccessToTell {
  readonly partition: number;
  readonly offset: string;
  readonly event_time: string;
  readonly verdict: string;
  readonly reasons: readonly string[];
  readonly effective: readonly string[];
  readonly evidence: string;
}

const SQL = `
SELECT partition, offset, event_time, source, program, api, category, purpose, foreground, fields, rows, outcome, duration_ms, link_host, verdict,
  reasons, effective, evidence
FROM ntk.access_results FINAL
WHERE log_id = {logId:UUID} AND partition IN {partitions:Array(UInt16)} AND proposed = 'intercept' AND ({program:String} = '' OR program = {program:String})
  AND offset >= transform(partition, {partitions:Array(UInt16)}, {from:Array(UInt64)}, toUInt64(0))
ORDER BY appended_at DESC, partition, offset DESC LIMIT {max:UInt32}`;

const STORED_SQL = `SELECT partition, max(next) AS stored FROM ntk.blocks WHERE log_id = {logId:UUID} GROUP BY partition`;

/** One program, and the partition that its records are in. */
export interface OneProgram {
  readonly program: string;
  readonly partition: number;
}

/** At most {@link NEWEST_MAX}, the newest arrival first. @param one null: of all programs */
export async function newestAccesses(warehouse: Warehouse, logId: string, one: OneProgram | null = null): Promise<ToldAccess[]> {
  const all = await warehouse.query<{ partition: number; stored: string }>(STORED_SQL, { logId });
  const stored = one === null ? all : all.filter(({ partition }) => partition === one.partition);
  const partitions = stored.map(({ partition }) => partition);
  if (partitions.length === 0) return [];
  const asked = { logId, partitions, program: one?.program ?? '', max: NEWEST_MAX };
  let rows: TellableRow[] = [];
  // Those of one program may be anywhere.
  for (const back of one === null ? LOOK_BACK : LOOK_BACK.slice(-1)) {
    const from = stored.map(({ stored: next }) => Math.max(0, Number(next) - back));
    rows = await warehouse.query<TellableRow>(SQL, { ...asked, from });
    if (rows.length === NEWEST_MAX || from.every((offset) => offset === 0)) break;
  }
  return rows.map(told);
}

export function told(row: TellableRow): ToldAccess {
  const { partition, offset, verdict, outcome, reasons, effective } = row;
  const weight = (i: number): number => ACTIONS.indexOf((effective[i] ?? 'allow') as (typeof ACTIONS)[number]);
  const order = reasons.map((_, i) => i).sort((a, b) => weight(b) - weight(a) || a - b);
  return {
    id: `${partition}-${offset}`,
    at: `${row.event_time.replace(' ', 'T')}Z`,
    program: printable(row.program, PROGRAM_CHARACTERS_MAX),
    page: programAddress(row.program),
    did: whatItDid(row),
    reasons: order.map((i) => reasonInWords(reasons[i]!)),
    remedy: printable(evidenceOf(row).remedy, REMEDY_CHARACTERS_MAX),
    became: verdict === 'intercept' ? (BECAME[outcome] ?? 'late') : 'let_pass',
  };
}

const BECAME: Readonly<Record<string, ToldAccess['became']>> = {
  pending: 'prevented',
  refused: 'already_refused',
  performed: 'late',
};
