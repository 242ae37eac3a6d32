/** `ntk verify` and `ntk repair`: whether the store has what the log gives, and making it so. */
import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { OTHER_ROWS } from '../../auditor/log-proof.ts';
import { isClean, type PartitionAudit } from '../../auditor/partition-audit.ts';
import { auditStore, type StoreAudit } from '../../auditor/audit-store.ts';
import { auditWithoutLog } from '../../auditor/audit-without-log.ts';
import type { EventLog } from '../../platform/log/event-log.ts';
import { storedUpTo } from '../../platform/log/writer-note.ts';
import type { Store } from '../../system/opening/store.ts';
import { unwrittenFrom } from '../../system/questions/unwritten.ts';
import { UserError } from '../../system/user-error.ts';
import type { CliContext } from '../context.ts';
import { gapInWords } from '../output/gap-words.ts';
import { jsonOptions, type StoreFlags, storeOptions } from '../options.ts';
import { CHAIN_BECAUSE } from './authority-words.ts';
import { type Gone, keptStatesOf, type LostBlocks, type Remade, remakeAll } from './remake.ts';
import { areOf, counted, verbOf } from '../../domain/wording/counted.ts';

export function registerVerify(program: Command, context: CliContext): void {
  jsonOptions(storeOptions(program.command('verify')))
    .description('prove the stored rows and the ledger against the log')
    .addHelpText(
      'after',
      '\nWithout the log nothing is proved; it is said then whether rows and ledger still have the hashes they were stored with.\n\nExample:\n  ntk verify --data ./data',
    )
    .action(async (flags: StoreFlags) => {
      await context.withStoreEvenWithoutLog(flags, async (store) => {
        const audit = store.log === null ? await runAuditWithoutLog(context, store) : await runAudit(context, store, false);
        const unwritten = await unwrittenOf(store);
        if (flags.json) context.out.json({ ...audit, unwritten });
        else printAudit(context, audit, unwritten);
        if (!audit.ok) context.fail();
      });
    });
}

export function registerRepair(program: Command, context: CliContext): void {
  jsonOptions(storeOptions(program.command('repair')))
    .description('insert again exactly what verify finds missing or different, remove what should not be there')
    .addHelpText('after', '\nExample:\n  ntk repair --data ./data && ntk verify --data ./data')
    .action(async (flags: StoreFlags) => {
      await context.withStore(flags, async (store) => {
        const { remade, gone } = store.log === null ? { remade: [], gone: [] } : await remakeAll(store, store.log, context.clock);
        const audit = await runAudit(context, store, true);
        // What was mended is looked at again: of some of it the log no longer has what it was made of.
        const isProved = audit.ok || (await runAudit(context, store, false)).ok;
        const isMended = isProved && gone.length === 0;
        const lost = { ...(remade.length === 0 ? {} : { remade }), ...(gone.length === 0 ? {} : { gone }) };
        if (flags.json) context.out.json({ ...audit, isMended, ...lost });
        else printRepair(context, audit, { remade, gone }, isProved);
        if (!isMended) context.fail();
      });
    });
}

/** Records of the log that nothing is stored of yet, about: a running system is always a little behind. Null without it. */
async function unwrittenOf({ log }: Store): Promise<number | null> {
  let records = 0;
  if (log === null) return null;
  for (let partition = 0; partition < log.partitions; partition++)
    records += await unwrittenFrom(log, partition, await storedUpTo(log, partition));
  return records;
}

function printRepair({ out }: CliContext, audit: StoreAudit, { remade, gone }: LostBlocks, isProved: boolean): void {
  const { rowsInserted, rowsRemoved, ledgerEntries, beyondRepair } = audit.repaired!;
  for (const one of remade) out.line(remadeInWords(one));
  for (const one of gone) out.line(out.paint('red', goneInWords(one)));
  out.line(
    `removed ${counted(rowsRemoved, 'row')}, inserted ${counted(rowsInserted, 'row')}, mended ${counted(ledgerEntries, 'ledger entry')}`,
  );
  if (isProved) return;
  const beyond =
    beyondRepair > 0
      ? `; ${counted(beyondRepair, 'ledger entry')} ${verbOf(beyondRepair, 'have')} no block in the log any more`
      : '';
  const hint = hintOf(audit);
  const why =
    hint === ''
      ? `: the log no longer has what the rest was made of${beyond}. ntk verify names it.`
      : `; ntk verify names the rest.${hint}`;
  out.line(out.paint('red', `NOT all is as it should be${why}`));
}

function remadeInWords({ partition, from, to, rows }: Remade): string {
  return `partition ${partition}: made ${counted(rows, 'row')} of the lost blocks of source offsets ${from} to ${to} again from the log`;
}

function goneInWords({ partition, from, to, why }: Gone): string {
  const lost = `partition ${partition}: the lost blocks of source offsets ${from} to ${to}`;
  switch (why) {
    case 'impossible':
      return `${lost} cannot be made again: the log no longer reaches back to their records, or another release or authority judged them; go on without them: ntk accept-gap ${partition} ${from} ${to}`;
    case 'other_rows':
      return `${lost} are not made again: folding the log again gives other rows than were judged before or behind them; check that the user key, NTK_STORE_USER and the release are the scorer's`;
    case 'untold':
      return `${lost} are not made again yet: those before them were given up, and no block is there behind them that tells whether their rows come out as they were; repair again when the scorer has judged more`;
  }
}

async function runAuditWithoutLog({ out }: CliContext, { logId, warehouse }: Store): Promise<StoreAudit> {
  out.note(
    `the log is needed to prove what is stored: give its data folder with --data DIR, or --kafka BROKERS; without it, ${WHAT_HASHES_TELL}`,
  );
  const bar = out.progress('verifying', 'rows');
  try {
    return await auditWithoutLog({ logId, warehouse, onProgress: (done, total) => bar.update(done, total) });
  } finally {
    bar.stop();
  }
}

async function runAudit(context: CliContext, store: Store, repair: boolean): Promise<StoreAudit> {
  const log: EventLog | null = store.log;
  if (log === null) throw new UserError('the log is needed to prove what is stored: give its data folder with --data DIR');
  const bar = context.out.progress('verifying', 'rows');
  try {
    return await auditStore({
      log,
      warehouse: store.warehouse,
      storedUser: await store.storedUser(),
      authority: store.authority(),
      keptStatesOf: (partition) => keptStatesOf(log, partition),
      repairId: repair ? randomUUID() : null,
      onProgress: (done, total) => bar.update(done, total),
    });
  } finally {
    bar.stop();
  }
}

function printAudit({ out }: CliContext, audit: StoreAudit, unwritten: number | null): void {
  out.table(
    [
      'partition',
      'proof',
      'rows',
      'missing',
      'doubled',
      'different',
      'unexpected',
      'erased',
      'ledger',
      'ledger missing',
      'changed',
      'doubled',
    ],
    audit.partitions.map((p) => [
      String(p.partition),
      p.proof,
      p.rows,
      p.missing,
      p.doubled,
      p.different,
      p.unexpected + p.notErased,
      p.erased,
      p.ledgerEntries,
      p.ledgerMissing,
      p.ledgerDifferent + p.ledgerUnexpected,
      p.ledgerDoubled,
    ]),
  );
  for (const { partition, gaps, unproved, acceptedGaps, proof, provedByLogFrom, chainBecause } of audit.partitions) {
    if (proof === 'both')
      out.line(`partition ${partition}: proved by the chain up to offset ${provedByLogFrom}, by the log behind`);
    if (chainBecause === 'other_engine' || chainBecause === 'other_authority')
      out.line(`partition ${partition}: ${CHAIN_BECAUSE[chainBecause]}`);
    for (const gap of acceptedGaps) out.line(`accepted gap, ${gapInWords({ partition, ...gap })}`);
    for (const { from, to } of gaps) out.line(`partition ${partition}: no block for source offsets ${from} to ${to}`);
    for (const { from, to, why } of inOneGo(unproved))
      out.line(`partition ${partition}: offsets ${from} to ${to} are not proved: ${why}`);
  }
  const { strayRows, strayLedgerEntries, rowsOfOtherLogs } = audit;
  if (strayRows + strayLedgerEntries > 0)
    out.line(
      `partitions that the log does not have: ${counted(strayRows, 'row')}, ${counted(strayLedgerEntries, 'ledger entry')}`,
    );
  if (rowsOfOtherLogs > 0)
    out.line(
      `${counted(rowsOfOtherLogs, 'row')} of other logs than ${audit.logId} ${verbOf(rowsOfOtherLogs, 'lie')} beside these; nothing is said of what is not this log's`,
    );
  if (unwritten !== null && unwritten > 0)
    out.line(
      `${counted(unwritten, 'record')} at the end of the log ${areOf(unwritten)} not judged and stored yet; nothing is said of what is not stored`,
    );
  out.line(
    audit.ok
      ? out.paint(
          'green',
          `Proved: every stored row is what the log gives, and nothing is missing${audit.partitions.some(({ acceptedGaps }) => acceptedGaps.length > 0) ? ' but what was accepted as lost' : ''}.`,
        )
      : out.paint('red', `${faultInWords(audit)}${hintOf(audit)}`),
  );
}

/** Blocks that follow one another and are not proved for one reason, as one range: with another user key it is all of them. */
function inOneGo(unproved: PartitionAudit['unproved']): PartitionAudit['unproved'] {
  const ranges: PartitionAudit['unproved'] = [];
  for (const range of unproved) {
    const last = ranges.at(-1);
    if (last !== undefined && last.to === range.from && last.why === range.why)
      ranges[ranges.length - 1] = { ...last, to: range.to };
    else ranges.push(range);
  }
  return ranges;
}

/** What to look at where the log gives other rows than were judged: that may be the fault of whoever asks. */
function hintOf({ partitions }: StoreAudit): string {
  const isOther = partitions.some(({ unproved }) => unproved.some(({ why }) => why === OTHER_ROWS));
  return isOther
    ? ' Where folding the log again gives other rows than a block says, nothing is mended: see that NTK_USER_KEY_FILE, NTK_STORE_USER and the release are those of the scorer.'
    : '';
}

const WHAT_HASHES_TELL =
  'the hashes tell whether rows and ledger entries are those that were stored with one another, and nobody whether the log gave them';

function faultInWords({ partitions, strayRows, strayLedgerEntries, isLogAtHand }: StoreAudit): string {
  const hasMendable = strayRows + strayLedgerEntries > 0 || !partitions.every((audit) => isClean({ ...audit, unproved: [] }));
  if (!isLogAtHand)
    return hasMendable
      ? 'NOT as it was stored: rows or ledger entries were changed, removed or added, and without the log nothing mends them.'
      : 'NOT proved, as the log is not at hand: no fault is known, but that rows and ledger were changed together, or lack what came last, would not be seen.';
  return hasMendable
    ? 'NOT as it should be: ntk repair mends rows and ledger entries that the log still has.'
    : 'NOT all proved: no fault of what is stored is known, but the offsets named above cannot be proved, which ntk repair does not change.';
}
