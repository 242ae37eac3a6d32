/**
 * The fold of some partitions from memory, without a log: `folding.ts FILE POLICY-FILE PARTITIONS OWN`. Everything is read and laid out before
 * it begins; then batches are folded in turns, as the scorer has them.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { OPEN } from '../../../services/domain/authority/authority.ts';
import { PartitionFold } from '../../../services/domain/fold/fold.ts';
import type { FoldInput } from '../../../services/domain/fold/fold-input.ts';
import { hashedUsers } from '../../../services/system/opening/stored-user.ts';
import { foldAll, foldInput, partitioned } from '../../domain/fold/partitioned.ts';
import { USER_KEY } from '../process/deployment.ts';
import { begin, report, type Taken, Watch } from '../process/measured.ts';

export interface Folded extends Taken {
  readonly records: number;
  /** Of what was judged and how, by partition. */
  readonly hashes: Readonly<Record<string, string>>;
}

const BATCH_RECORDS = 5_000;

interface Part {
  readonly partition: number;
  readonly fold: PartitionFold;
  readonly inputs: FoldInput[];
  /** Chained over all rows, so that it says what every one of them is. */
  rowsHash: string;
}

const [file = '', policyFile = '', partitionCount = '0', own = ''] = process.argv.slice(2);
const partitions = Number(partitionCount);
const placed = partitioned(readFileSync(file), readFileSync(policyFile, 'utf8'), partitions);
const storedUser = hashedUsers(USER_KEY);
const parts = own.split(',').map((name): Part => {
  const partition = Number(name);
  const records = placed[partition]!;
  const inputs: FoldInput[] = [];
  for (let from = 0; from < records.length; from += BATCH_RECORDS)
    inputs.push(foldInput(records, { from, to: Math.min(records.length, from + BATCH_RECORDS) }));
  const fold = new PartitionFold({ logId: 'bench', partition, partitions, storedUser, authority: OPEN });
  return { partition, fold, inputs, rowsHash: '' };
});
// The records themselves are in the inputs now.
placed.length = 0;
await begin();
const watch = new Watch();
let records = 0;
const longest = Math.max(...parts.map(({ inputs }) => inputs.length));
for (let i = 0; i < longest; i++) {
  for (const part of parts) {
    const input = part.inputs[i];
    if (input === undefined) continue;
    foldAll(part.fold, input, (outcome) => {
      part.rowsHash = outcome.rowsHash;
    });
    records += input.count;
  }
}
const taken = watch.taken();
const hashes = parts.map(({ partition, rowsHash }) => [
  partition,
  createHash('sha256').update(rowsHash).digest('hex').slice(0, 16),
]);
report({ ...taken, records, hashes: Object.fromEntries(hashes) } satisfies Folded);
