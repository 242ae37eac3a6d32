/** `ntk explain`: why an access, or every access of a program, was judged as it was. */
import type { Command } from 'commander';
import { ACTIONS } from '../../../schemas/codes.ts';
import { type AccessFilter, accessPages, countAccesses, type StoredAccess } from '../../auditor/find-access.ts';
import { Recomputation, type Recomputed } from '../../auditor/recompute.ts';
import { placeNamed } from '../../domain/review/episode.ts';
import type { EventLog } from '../../platform/log/event-log.ts';
import { type LedgerGap, readAcceptedGaps } from '../../platform/warehouse/accepted-gaps.ts';
import { requireResults } from '../../system/questions/report.ts';
import type { Store } from '../../system/opening/store.ts';
import { UserError } from '../../system/user-error.ts';
import type { CliContext } from '../context.ts';
import { utcOffsetOf } from '../input-names.ts';
import { jsonOptions, limitOf, type StoreFlags, storeOptions } from '../options.ts';
import { SHOWN_OFFSET_WORDS } from '../output/at-utc-offset.ts';
import { gapInWords } from '../output/gap-words.ts';
import { moreWords } from '../output/more-words.ts';
import type { Output } from '../output/output.ts';
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
  readonly utcOffset?: string;
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
    .option('--utc-offset <offset>', SHOWN_OFFSET_WORDS, utcOffsetOf)
    .addHelpText(
      'after',
      `
Examples:
  ntk explain evt-81723 --recompute
  ntk explain 3-10482
  ntk explain --program com.tencent.xin --category photos --utc-offset +08:00 --recompute
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
  await requireResults(store);
  const found = await find(store, eventId, flags, max);
  const gaps = await readAcceptedGaps(store.warehouse, store.logId);
  if (found.first.length === 0) {
    const { source, program, category, verdict } = flags;
    const asked = { [found.isPlace ? 'event id or place' : 'event id']: eventId, source, program, category, verdict };
    throw new UserError(
      `no stored access has ${inWords(asked)}; facts, duplicates and rejects have no row (ntk rejects list)${lostWith(gaps)}`,
    );
  }
  const recomputing = new Recomputing(out, store);
  let explained = 0;
  let isProved = true;
  async function* explanations(): AsyncGenerator<readonly [StoredAccess, Recomputed | null]> {
    for await (const page of pagesOf(found)) {
      const recomputed = flags.recompute === true ? await recomputing.of(page) : null;
      for (const access of page) {
        const result = recomputed?.get(placeOf(access)) ?? null;
        explained++;
        if (result?.isProved === false) isProved = false;
        yield [access, result];
      }
    }
  }
  if (flags.json) await out.jsonList(asJson(explanations()));
  else {
    for await (const [access, result] of explanations()) {
      if (!(await out.taken())) break;
      if (explained > 1) out.line();
      printExplanation(out, access, result, { isAskedFor: flags.recompute ?? false, utcOffset: flags.utcOffset });
      const episode = eventId === undefined ? null : await episodeInWords(store, access);
      if (episode !== null) out.line(episode);
      // What the checks did not know: a consent or declaration may be among it.
      const before = gaps.filter((gap) => gap.partition === access.partition && gap.to <= Number(access.offset));
      for (const gap of before) if (gap.stateFrom < gap.stateTo) out.line(`judged behind a gap, ${gapInWords(gap)}`);
    }
  }
  // Whoever has left off reading wants no more of them.
  const all = explained < max || !(await out.taken()) ? 0 : await countAccesses(store.warehouse, store.logId, found.filter);
  if (all > explained) out.note(moreWords(all - explained, `--limit ${all} explains all of them`));
  if (!isProved) context.fail();
}

interface Found {
  readonly filter: AccessFilter;
  /** Whether the event id was asked for as a place, too. */
  readonly isPlace: boolean;
  readonly first: readonly StoredAccess[];
  readonly rest: AsyncGenerator<readonly StoredAccess[], void>;
}

async function find(store: Store, eventId: string | undefined, flags: ExplainFlags, max: number): Promise<Found> {
  const { source, program, category, verdict, newest } = flags;
  const others = {
    ...(source === undefined ? {} : { source }),
    ...(program === undefined ? {} : { program }),
    ...(category === undefined ? {} : { category }),
    ...(verdict === undefined ? {} : { verdict }),
  };
  const asked = async (filter: AccessFilter, isPlace: boolean): Promise<Found> => {
    const rest = accessPages(store.warehouse, store.logId, filter, { max, order: newest ? 'newest' : 'event time' });
    const { value: first } = await rest.next();
    return { filter, isPlace, first: first ?? [], rest };
  };
  if (eventId === undefined) return asked(others, false);
  const found = await asked({ ...others, eventId }, false);
  // Hosts make ids: one that looks like a place is an id first.
  const place = found.first.length > 0 ? null : placeNamed(eventId);
  if (place === null) return found;
  return place.partition > PARTITION_MAX ? { ...found, isPlace: true } : asked({ ...others, place }, true);
}

async function* pagesOf({ first, rest }: Found): AsyncGenerator<readonly StoredAccess[]> {
  yield first;
  yield* rest;
}

async function* asJson(explanations: AsyncIterable<readonly [StoredAccess, Recomputed | null]>): AsyncGenerator<unknown> {
  for await (const [access, result] of explanations) yield explanationJson(access, result);
}

function placeOf({ partition, offset }: { readonly partition: number; readonly offset: number | string }): string {
  return `${partition}:${offset}`;
}

/** Folds the log again for page after page. */
class Recomputing {
  readonly #out: Output;
  readonly #store: Store;
  /** Of the partition that was asked about last: the accesses of a program are in one. */
  #newest: { readonly partition: number; readonly recomputation: Recomputation } | null = null;
  #shown = (_: number): void => {};

  constructor(out: Output, store: Store) {
    this.#out = out;
    this.#store = store;
  }

  /** By place; what the log no longer reaches, or all of it where there is none, is not in it. */
  async of(accesses: readonly StoredAccess[]): Promise<ReadonlyMap<string, Recomputed>> {
    const recomputed = new Map<string, Recomputed>();
    const { log } = this.#store;
    if (log === null) return recomputed;
    const bar = this.#out.progress('folding the log', 'records');
    for (const [partition, rows] of Map.groupBy(accesses, (access) => access.partition)) {
      const offsets = new Set(rows.map(({ offset }) => Number(offset)));
      const last = Math.max(...offsets);
      this.#shown = (position) => bar.update(position, last);
      const results = await (await this.#in(log, partition)).explain(offsets);
      for (const [offset, result] of results) recomputed.set(placeOf({ partition, offset }), result);
    }
    bar.stop();
    return recomputed;
  }

  async #in(log: EventLog, partition: number): Promise<Recomputation> {
    if (this.#newest?.partition === partition) return this.#newest.recomputation;
    const recomputation = new Recomputation({
      log,
      warehouse: this.#store.warehouse,
      partition,
      storedUser: await this.#store.storedUser(),
      authority: this.#store.authority(),
      keptStates: await keptStatesOf(log, partition),
      onProgress: (position) => this.#shown(position),
    });
    this.#newest = { partition, recomputation };
    return recomputation;
  }
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
