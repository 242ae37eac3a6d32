/** `ntk explain`: why an access, or every access of a program, was judged as it was. */
import type { Command } from 'commander';
import { ACTIONS } from '../../../schemas/codes.ts';
import { type AccessFilter, countAccesses, findAccesses, type StoredAccess } from '../../auditor/find-access.ts';
import { recompute, type Recomputed } from '../../auditor/recompute.ts';
import { placeNamed } from '../../domain/review/episode.ts';
import { type LedgerGap, readAcceptedGaps } from '../../platform/warehouse/accepted-gaps.ts';
import { requireResults } from '../../system/questions/report.ts';
import type { Store } from '../../system/opening/store.ts';
import { UserError } from '../../system/user-error.ts';
import type { CliContext } from '../context.ts';
import { jsonOptions, limitOf, type StoreFlags, storeOptions } from '../options.ts';
import { gapInWords } from '../output/gap-words.ts';
import { moreWords } from '../output/more-words.ts';
import { brief } from '../output/terminal.ts';
import { episodeInWords } from './explain-episode.ts';
import { explanationJson, printExplanation } from './explain-words.ts';
import { keptStatesOf } from './remake.ts';

/** A column of 16 bits. */
const PARTITION_MAX = 65_535;

interface ExplainFlags extends StoreFlags {
  readonly source?: string;
  readonly program?: string;
  readonly category?: string;
  readonly verdict?: string;
  readonly newest?: boolean;
  readonly recompute?: boolean;
  readonly limit: string;
}

export function registerExplain(program: Command, context: CliContext): void {
  jsonOptions(storeOptions(program.command('explain')))
    .argument(
      '[event-id]',
      'id of the access, or its place PARTITION-OFFSET, as episodes are called by; without it every access of --program',
    )
    .description('why an access was judged as it was, every check in plain words')
    .option('--source <source>', 'the host that reported it')
    .option('--program <program>', 'the program that called')
    .option('--category <category>', 'only accesses to this kind of data')
    .option('--verdict <verdict>', `only those that were judged so: ${ACTIONS.join(', ')}`)
    .option('--newest', 'what came into the log last first; without it from the earliest event time on')
    .option('--limit <n>', 'accesses explained at most', '1000')
    .option('--recompute', 'fold the log again: says what each check compared and proves the stored row')
    .addHelpText(
      'after',
      `
Examples:
  ntk explain evt-81723 --recompute
  ntk explain 3-10482
  ntk explain --program com.tencent.xin --category photos --recompute
  ntk explain --program com.tencent.xin --verdict intercept --newest --limit 3`,
    )
    .action(async (eventId: string | undefined, flags: ExplainFlags) => {
      if (eventId === undefined && flags.program === undefined)
        throw new UserError('say which access: ntk explain EVENT_ID, or ntk explain --program PROGRAM');
      if (flags.verdict !== undefined && !ACTIONS.some((known) => known === flags.verdict))
        throw new UserError(`--verdict '${brief(flags.verdict, 40)}' is unknown: one of ${ACTIONS.join(', ')}`);
      const max = limitOf(flags);
      await context.withStore(flags, (store) => explain(context, store, eventId, flags, max));
    });
}

async function explain(
  context: CliContext,
  store: Store,
  eventId: string | undefined,
  flags: ExplainFlags,
  max: number,
): Promise<void> {
  const { out } = context;
  const { source, program, category, verdict } = flags;
  const others = {
    ...(source === undefined ? {} : { source }),
    ...(program === undefined ? {} : { program }),
    ...(category === undefined ? {} : { category }),
    ...(verdict === undefined ? {} : { verdict }),
  };
  await requireResults(store);
  const find = (asked: AccessFilter): Promise<StoredAccess[]> =>
    findAccesses(store.warehouse, store.logId, asked, max, flags.newest ? 'newest' : 'event time');
  let filter: AccessFilter = eventId === undefined ? others : { ...others, eventId };
  let accesses = await find(filter);
  // Hosts make ids: one that looks like a place is an id first.
  const place = accesses.length > 0 || eventId === undefined ? null : placeNamed(eventId);
  if (place !== null && place.partition <= PARTITION_MAX) {
    filter = { ...others, place };
    accesses = await find(filter);
  }
  const gaps = await readAcceptedGaps(store.warehouse, store.logId);
  if (accesses.length === 0)
    throw new UserError(
      `no stored access has ${inWords({ [place === null ? 'event id' : 'event id or place']: eventId, source, program, category, verdict })}; facts, duplicates and rejects have no row (ntk rejects list)${lostWith(gaps)}`,
    );
  const recomputed = new Map<string, Recomputed>();
  if (flags.recompute && store.log !== null) {
    const bar = out.progress('folding the log', 'records');
    const byPartition = Map.groupBy(accesses, ({ partition }) => partition);
    for (const [partition, rows] of byPartition) {
      const offsets = new Set(rows.map(({ offset }) => Number(offset)));
      const results = await recompute({
        log: store.log,
        warehouse: store.warehouse,
        partition,
        storedUser: await store.storedUser(),
        authority: store.authority(),
        keptStates: await keptStatesOf(store.log, partition),
        offsets,
        onProgress: (position) => bar.update(position, Math.max(...offsets)),
      });
      for (const [offset, result] of results) recomputed.set(`${partition}:${offset}`, result);
    }
    bar.stop();
  }
  const resultOf = ({ partition, offset }: { partition: number; offset: string }): Recomputed | null =>
    recomputed.get(`${partition}:${offset}`) ?? null;
  if (flags.json) {
    await out.jsonList(accesses.values().map((access) => explanationJson(access, resultOf(access))));
  } else {
    for (const [i, access] of accesses.entries()) {
      if (!(await out.taken())) break;
      if (i > 0) out.line();
      printExplanation(out, access, resultOf(access), flags.recompute ?? false);
      const episode = eventId === undefined ? null : await episodeInWords(store, access);
      if (episode !== null) out.line(episode);
      // What the checks did not know: a consent or declaration may be among it.
      const before = gaps.filter((gap) => gap.partition === access.partition && gap.to <= Number(access.offset));
      for (const gap of before) if (gap.stateFrom < gap.stateTo) out.line(`judged behind a gap, ${gapInWords(gap)}`);
    }
  }
  const all = accesses.length < max ? accesses.length : await countAccesses(store.warehouse, store.logId, filter);
  if (all > accesses.length) out.note(moreWords(all - accesses.length, `--limit ${all} explains all of them`));
  if (flags.recompute && [...recomputed.values()].some(({ isProved }) => !isProved)) context.fail();
}

/** Where what has no row may have gone. */
function lostWith(gaps: readonly LedgerGap[]): string {
  const [last] = gaps.filter(({ from, to }) => from < to).slice(-1);
  return last === undefined ? '' : `, nor has what was lost: ${gapInWords(last)}`;
}

/** `program 'wx1', category 'photos'`, without what was not asked for. */
function inWords(filter: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(filter)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name} '${brief(value, 80)}'`]))
    .join(', ');
}
