/** What must hold once everything is healed and drained, whatever happened on the way: an undisturbed fold of the same log decides. */
import { OPEN } from '../../services/domain/authority/authority.ts';
import type { BlockHeader } from '../../schemas/results/block.ts';
import { userOfRow } from '../../services/domain/results/user-of-row.ts';
import { PartitionFold } from '../../services/domain/fold/fold.ts';
import { decodeBlock, entryHash, figuresOf, FIRST_ENTRY_HASH } from '../../services/domain/results/block.ts';
import { ledgerRow } from '../../services/platform/warehouse/ledger-row.ts';
import { CheckpointStore } from '../../services/scorer/checkpoint-store.ts';
import { QUIET } from './quiet-network.ts';
import { batchOf, endOf, type SimulatedCluster } from './simulated-cluster.ts';
import { SimulatedEventLog } from './simulated-event-log.ts';

import type { SimulatedTables } from './simulated-warehouse.ts';

interface Expected {
  readonly rows: ReadonlyMap<number, { readonly bytes: Buffer; readonly user: string }>;
  readonly allRows: Buffer;
  readonly verdicts: readonly string[];
  readonly rejects: readonly string[];
  readonly erasures: readonly { readonly offset: number; readonly user: string }[];
  readonly rowsHash: string;
}

/** @param tokensWereForgotten then a row may be there twice physically, though in no total */
export async function violationsOf(
  cluster: SimulatedCluster,
  tables: SimulatedTables,
  tokensWereForgotten: boolean,
): Promise<string[]> {
  const violations: string[] = [];
  let rows = 0;
  let entries = 0;
  for (let partition = 0; partition < cluster.partitions; partition++) {
    const say = (what: string): void => void violations.push(`partition ${partition}: ${what}`);
    const expected = undisturbed(cluster, partition);
    const blocks = cluster.partition('results', partition).records.map(({ value }) => decodeBlock(value));
    checkBlocks(blocks, expected, endOf(cluster.partition('access', partition)), say);
    checkStream(cluster, 'verdicts', partition, expected.verdicts, say);
    checkStream(cluster, 'rejects', partition, expected.rejects, say);
    rows += checkRows(tables, partition, blocks, expected, say);
    entries += checkLedger(tables, partition, blocks, say);
    await checkCheckpoints(cluster, partition, expected, say);
  }
  if (tables.rows.size !== rows) violations.push(`${tables.rows.size} rows instead of ${rows}`);
  if (tables.entries.size !== entries) violations.push(`${tables.entries.size} ledger entries instead of ${entries}`);
  if (!tokensWereForgotten) {
    const doubled = [...tables.rows.values(), ...tables.entries.values()].filter(({ length }) => length > 1).length;
    if (doubled > 0) violations.push(`${doubled} rows and entries are there twice physically, though no token was forgotten`);
  }
  return violations;
}

type Say = (what: string) => void;
type Block = { readonly header: BlockHeader; readonly rows: Buffer };

/** The log folded once, in one go. */
function undisturbed(cluster: SimulatedCluster, partition: number): Expected {
  const { logId, partitions } = cluster;
  const fold = new PartitionFold({ logId, partition, partitions, storedUser: (user) => user, authority: OPEN });
  const batch = batchOf(partition, cluster.partition('access', partition).records, 0);
  const rows = new Map<number, { bytes: Buffer; user: string }>();
  const verdicts: string[] = [];
  const rejects: string[] = [];
  const erasures: { offset: number; user: string }[] = [];
  while (fold.state.position < batch.nextOffset) {
    const outcome = fold.fold(batch, 0);
    const bytes = Buffer.from(outcome.rows.written());
    outcome.rowOffsets.forEach((offset, i) => {
      const start = i === 0 ? 0 : outcome.rowEnds[i - 1]!;
      rows.set(offset, { bytes: bytes.subarray(start, outcome.rowEnds[i]), user: userOfRow(bytes, start) });
    });
    verdicts.push(...outcome.verdicts);
    rejects.push(...outcome.rejected);
    erasures.push(...outcome.erasures);
  }
  const allRows = Buffer.concat([...rows.values()].map(({ bytes }) => bytes));
  return { rows, allRows, verdicts, rejects, erasures, rowsHash: fold.state.chain.hash };
}

function checkBlocks(blocks: readonly Block[], expected: Expected, end: number, say: Say): void {
  let next = 0;
  let entry = FIRST_ENTRY_HASH;
  for (const { header } of blocks) {
    if (header.first !== next) say(`the block after ${next} begins at ${header.first}`);
    entry = entryHash(entry, figuresOf(header));
    if (entry !== header.entryHash) say(`the ledger's chain breaks at the block ${header.first}-${header.next}`);
    next = header.next;
  }
  if (next !== end) say(`blocks end at ${next}, the log at ${end}`);
  if (!Buffer.concat(blocks.map(({ rows }) => rows)).equals(expected.allRows))
    say('the rows in the blocks are not those of the fold');
  const last = blocks.at(-1)?.header;
  if (last !== undefined && last.rowsHash !== expected.rowsHash) say("the last block's hash of rows is not that of the fold");
}

const TIMES = /"(?:decidedAt|rejectedAt)":"[^"]*"/;

function checkStream(
  cluster: SimulatedCluster,
  stream: 'verdicts' | 'rejects',
  partition: number,
  expected: readonly string[],
  say: Say,
): void {
  const found = cluster.partition(stream, partition).records.map(({ value }) => value.toString('utf8').replace(TIMES, ''));
  if (found.length !== expected.length) say(`${found.length} ${stream} instead of ${expected.length}`);
  const at = found.findIndex((text, i) => text !== expected[i]?.replace(TIMES, ''));
  if (at !== -1) say(`${stream}: the one at place ${at} is ${found[at]} instead of ${expected[at] ?? 'none'}`);
}

/** Answers how many rows there should be. */
function checkRows(tables: SimulatedTables, partition: number, blocks: readonly Block[], expected: Expected, say: Say): number {
  let count = 0;
  let block = 0;
  for (const [offset, { bytes, user }] of expected.rows) {
    while (block < blocks.length - 1 && blocks[block]!.header.next <= offset) block++;
    const copies = tables.rows.get(`${partition} ${offset}`) ?? [];
    if (expected.erasures.some((erasure) => erasure.user === user && offset < erasure.offset)) {
      if (copies.length > 0) say(`the row at ${offset} was erased and is there`);
      continue;
    }
    count++;
    if (copies.length === 0) say(`the row at ${offset} is missing`);
    if (copies.some((copy) => !copy.bytes.equals(bytes))) say(`the row at ${offset} is another one`);
    if (copies.some((copy) => copy.scoredAtMs !== blocks[block]?.header.scoredAtMs)) say(`the row at ${offset} has another time`);
  }
  return count;
}

function checkLedger(tables: SimulatedTables, partition: number, blocks: readonly Block[], say: Say): number {
  for (const { header } of blocks) {
    const copies = tables.entries.get(`${partition} ${header.first}`) ?? [];
    if (copies.length === 0) say(`the ledger has no entry of ${header.first}-${header.next}`);
    const entry = ledgerRow(header);
    if (copies.some((copy) => !copy.equals(entry))) say(`the ledger's entry of ${header.first}-${header.next} is another one`);
  }
  return blocks.length;
}

/** From each checkpoint that restores, the rest of the log gives the rest of the rows. */
async function checkCheckpoints(cluster: SimulatedCluster, partition: number, expected: Expected, say: Say): Promise<void> {
  const { logId, partitions } = cluster;
  const store = new CheckpointStore(new SimulatedEventLog(cluster, QUIET), partition);
  await store.open();
  const { records } = cluster.partition('access', partition);
  for (const manifest of store.candidates(Infinity)) {
    const fold = new PartitionFold({ logId, partition, partitions, storedUser: (user) => user, authority: OPEN });
    // A damaged one is as if it were not there.
    if (!(await store.restore(manifest, fold.state))) continue;
    const rest = records.filter(({ offset }) => offset >= manifest.offset);
    if (rest.length > 0) fold.fold(batchOf(partition, rest, manifest.offset), 0);
    if (fold.state.chain.hash !== expected.rowsHash) say(`the checkpoint at ${manifest.offset} leads to other rows`);
  }
}
