/**
 * A process that commits one transaction after the other: `node append-until-killed.ts LOG NAME [COUNT]`. Transaction n appends
 * `NAME:n:i` for some i to `access` 0 and `NAME:n` to `results` 1, sets the key NAME and, as owner, the position. It prints n when
 * the commit has returned. Ends after COUNT transactions, or never.
 */
import { writeSync } from 'node:fs';
import { openSqliteLog } from '../../../services/platform/log/sqlite/open-sqlite-log.ts';

const [, , path = '', name = '', count = 'Infinity'] = process.argv;
/** Records of transaction n: sometimes more than a segment holds. */
const sizeOf = (n: number): number => (n % 7 === 0 ? 1_500 : (n % 5) + 1);

const log = await openSqliteLog({ path, create: true, clock: { nowMs: () => performance.timeOrigin + performance.now() } });
// A count means that others write too: then nobody owns anything.
const owner = count === 'Infinity' ? await log.claim('writer', 1) : null;
for (let n = 1; n <= Number(count); n++) {
  const values = Array.from({ length: sizeOf(n) }, (_, i) => Buffer.from(`${name}:${n}:${i}`));
  const transaction = {
    appends: [
      { stream: 'access' as const, partition: 0, values },
      { stream: 'results' as const, partition: 1, values: [Buffer.from(`${name}:${n}`)] },
    ],
    puts: [{ stream: 'checkpoints' as const, partition: 1, key: name, value: Buffer.from(`${n}`) }],
  };
  if (owner === null) await log.commit(transaction);
  else await owner.commit({ ...transaction, position: { consumer: 'writer', partition: 1, offset: n, note: name } });
  writeSync(1, `${n}\n`);
}
await log.close();
