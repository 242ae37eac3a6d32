/** `ntk rejects list | show | redrive`: records that could not be read, with their raw bytes. */
import type { Command } from 'commander';
import { RECORD_BYTES_KEPT, REJECT_REASONS } from '../../../schemas/codes.ts';
import { placesOf, subjectOf } from '../../domain/partitioning/route-record.ts';
import { encodingOf } from '../../domain/record/json.ts';
import { parseRecord } from '../../domain/record/parse.ts';
import { type EventLog, ORIGIN } from '../../platform/log/event-log.ts';
import { readRejects, type StoredReject } from '../../system/questions/stored-rejects.ts';
import { UserError } from '../../system/user-error.ts';
import type { CliContext } from '../context.ts';
import { type JsonFlags, jsonOptions, limitOf, type LogFlags, logOptions } from '../options.ts';
import { counted, grouped } from '../../domain/wording/counted.ts';
import type { Output, Progress } from '../output/output.ts';
import { problemsOf, REASON_IN_WORDS } from '../output/reject-words.ts';
import { brief, safe } from '../output/terminal.ts';
import { type PlacesOfRecord, placesIn } from './rejected-lines.ts';
import { WHY_IN_WORDS } from './authority-words.ts';

interface RejectFlags extends LogFlags, JsonFlags {
  readonly reason?: string;
  readonly newest?: boolean;
  readonly input?: readonly string[];
  readonly limit: string;
}

/** A reason that is spelled wrongly would look like one that nothing was rejected for. */
function reasonFilter(reason: string | undefined): { readonly reason?: string } {
  if (reason === undefined) return {};
  if (!REJECT_REASONS.some((known) => known === reason)) {
    throw new UserError(`reason '${brief(reason, 40)}' is unknown: one of ${REJECT_REASONS.join(', ')}`);
  }
  return { reason };
}

export function registerRejects(program: Command, context: CliContext): void {
  const { out } = context;
  const rejects = program
    .command('rejects')
    .description('records that could not be read')
    .addHelpText(
      'after',
      `
Examples:
  ntk rejects list --data ./data
  ntk rejects show 0:42
  ntk rejects redrive`,
    );
  jsonOptions(logOptions(rejects.command('list')))
    .option('--reason <reason>', 'only those of one reason')
    .option('--newest', 'what was rejected last first; without it from the oldest on, partition by partition')
    .option('--limit <n>', 'how many are shown', '50')
    .option('--input <file...>', 'files that were imported: says in which line of them each stands')
    .description('what was rejected, and why')
    .addHelpText(
      'after',
      `
Examples:
  ntk rejects list --reason invalid_json
  ntk rejects list --newest --limit 5
  ntk rejects list --input events.ndjson.gz`,
    )
    .action(async (flags: RejectFlags) => {
      const limit = limitOf(flags);
      const filter = reasonFilter(flags.reason);
      const listing = { limit, isNewestFirst: flags.newest ?? false, isJson: flags.json ?? false, inputs: flags.input ?? [] };
      await context.withLog(flags, (log) => listRejects(out, log, filter, listing));
    });
  jsonOptions(logOptions(rejects.command('show')))
    .argument('<id>', 'partition:offset, see ntk rejects list')
    .description('one rejected record with its raw bytes, in JSON as base64')
    .addHelpText('after', '\nExample:\n  ntk rejects show 0:1312')
    .action((id: string, flags: LogFlags & JsonFlags) =>
      context.withLog(flags, (log) => showReject(out, log, id, flags.json ?? false)),
    );
  jsonOptions(logOptions(rejects.command('redrive')))
    .argument('[id...]', 'partition:offset; without any, all')
    .option('--reason <reason>', 'only those of one reason')
    .description('append again what can be read by now (after a newer release, a mended importer); each at most once')
    .addHelpText('after', '\nExample:\n  ntk rejects redrive --reason unknown_type')
    .action(async (ids: string[], flags: RejectFlags) => {
      const filter = { ...reasonFilter(flags.reason), ...(ids.length === 0 ? {} : { ids }) };
      await context.withLog(flags, async (log) => {
        const redriven = await redriveRejects(log, filter, out.progress('redriving', 'rejects'));
        printRedriven(out, redriven, flags.json ?? false);
      });
    });
}

interface RejectFilter {
  readonly reason?: string;
  readonly ids?: readonly string[];
}

function matches(reject: StoredReject, { reason, ids }: RejectFilter): boolean {
  return (reason === undefined || reject.reason === reason) && (ids === undefined || ids.includes(reject.id));
}

interface RejectListing {
  /** How many are shown. */
  readonly limit: number;
  /** What was rejected last first; otherwise from the oldest on, partition by partition. */
  readonly isNewestFirst: boolean;
  readonly isJson: boolean;
  /** Files in which they are looked for. */
  readonly inputs: readonly string[];
}

async function listRejects(out: Output, log: EventLog, filter: RejectFilter, listing: RejectListing): Promise<void> {
  const { limit, isNewestFirst, isJson, inputs } = listing;
  let shown: ListedReject[] = [];
  let total = 0;
  for await (const reject of readRejects(log)) {
    if (!matches(reject, filter)) continue;
    total++;
    if (shown.length >= limit && !isNewestFirst) continue;
    const { raw, ...row } = reject;
    shown.push({ row, begins: brief(Buffer.from(raw.slice(0, 400), 'base64').toString('utf8'), 60) });
    if (shown.length >= 2 * limit) shown = newest(shown, limit);
  }
  if (isNewestFirst) shown = newest(shown, limit);
  const places = await placesIn(
    inputs,
    shown.map(({ row }) => row),
  );
  if (isJson) {
    const placed = ({ row }: ListedReject): unknown =>
      inputs.length === 0 ? row : { ...row, place: places.get(row.sha256)?.first ?? null };
    await out.jsonList(shown.values().map(placed));
    return;
  }
  const placed = inputs.length === 0 ? [] : ['line'];
  if (shown.length > 0)
    out.table(
      ['id', ...placed, 'reason', 'bytes', 'begins with'],
      shown.map(({ row, begins }) => [
        row.id,
        ...placed.map(() => placeInWords(places.get(row.sha256))),
        row.why === undefined ? row.reason : `${row.reason} (${row.why})`,
        row.bytes,
        begins,
      ]),
    );
  const which = isNewestFirst ? 'newest' : 'first';
  out.note(
    total > shown.length ? `${counted(total, 'reject')}, the ${which} ${shown.length} shown (--limit)` : counted(total, 'reject'),
  );
}

function placeInWords(places: PlacesOfRecord | undefined): string {
  if (places === undefined) return '';
  return `${brief(places.first)}${places.more === 0 ? '' : `, or ${grouped(places.more)} equal`}`;
}

interface ListedReject {
  readonly row: Omit<StoredReject, 'raw'>;
  readonly begins: string;
}

function newest(rejects: readonly ListedReject[], limit: number): ListedReject[] {
  return rejects.toSorted(byAge).slice(0, limit);
}

/** The last first. Times are RFC 3339 in UTC with milliseconds, so their order is that of their letters; a reject without one is older than they. */
function byAge({ row: a }: ListedReject, { row: b }: ListedReject): number {
  const [ofA, ofB] = [a.rejectedAt ?? '', b.rejectedAt ?? ''];
  if (ofA !== ofB) return ofA < ofB ? 1 : -1;
  return a.partition - b.partition || b.offset - a.offset;
}

async function showReject(out: Output, log: EventLog, id: string, json: boolean): Promise<void> {
  for await (const reject of readRejects(log)) {
    if (reject.id !== id) continue;
    if (json) {
      out.json(reject);
      return;
    }
    out.line(`${out.paint('bold', reject.reason)}: ${REASON_IN_WORDS[reject.reason]}${whyOf(reject)}`);
    out.line(
      `partition ${reject.partition} offset ${reject.offset}, ${counted(reject.bytes, 'byte')}${reject.bytes === RECORD_BYTES_KEPT ? ' at least' : ''}, SHA-256 ${reject.sha256}, rejected ${reject.rejectedAt}`,
    );
    const raw = Buffer.from(reject.raw, 'base64');
    for (const problem of problemsOf(reject.reason, raw)) out.line(`  ${brief(problem, 200)}`);
    out.line(safe(raw.toString('utf8').slice(0, SHOWN_CHARACTERS_MAX)));
    return;
  }
  throw noReject(id);
}

function noReject(id: string, reason?: string): UserError {
  const ofReason = reason === undefined ? '' : ` of reason ${reason}`;
  return new UserError(`there is no reject '${brief(id, 40)}'${ofReason}: ids are partition:offset, see ntk rejects list`);
}

const SHOWN_CHARACTERS_MAX = 8_000;

function whyOf({ why }: StoredReject): string {
  return why === undefined ? '' : `; ${WHY_IN_WORDS[why]}`;
}

/** What somebody tried without the right to is appended again only when a person asks for it by name: a key that came late. */
function isLeftAlone(reject: StoredReject, { reason, ids }: RejectFilter): boolean {
  return reject.reason === 'unauthorised' && reason === undefined && ids === undefined;
}

interface Redriven {
  readonly appended: number;
  /** Still; with those that are left to a person who asks for them by name. */
  readonly unreadable: number;
  /** By an earlier call. */
  readonly appendedBefore: number;
}

/** @throws UserError for the first one that is asked for by name and is not there */
async function requireAll(log: EventLog, filter: RejectFilter): Promise<void> {
  if (filter.ids === undefined) return;
  const missing = new Set(filter.ids);
  for await (const reject of readRejects(log)) if (matches(reject, filter)) missing.delete(reject.id);
  for (const id of missing) throw noReject(id, filter.reason);
}

/**
 * Appends again what can be read by now (a newer release, a repaired importer); each reject at most once.
 * @throws UserError, before anything is appended, for an id that no reject has
 */
async function redriveRejects(log: EventLog, filter: RejectFilter, progress: Progress): Promise<Redriven> {
  await requireAll(log, filter);
  const counts = { appended: 0, unreadable: 0, appendedBefore: 0 };
  for await (const reject of readRejects(log)) {
    if (!matches(reject, filter)) continue;
    const key = `redriven/${reject.id}`;
    const value = Buffer.from(reject.raw, 'base64');
    if ((await log.getKeyed('imports', 0, key)) !== null) counts.appendedBefore++;
    else if (isLeftAlone(reject, filter)) counts.unreadable++;
    else if (reject.truncated || parseRecord(value, 0, value.length, encodingOf(value)).type === 'reject') counts.unreadable++;
    else {
      await log.commit({
        appends: placesOf(value, log.partitions).map((partition) => ({
          stream: 'access' as const,
          partition,
          values: [value],
          keys: subjectOf,
          origin: ORIGIN.imported,
        })),
        puts: [{ stream: 'imports', partition: 0, key, value: Buffer.from(reject.sha256) }],
      });
      counts.appended++;
    }
    progress.update(counts.appended + counts.unreadable + counts.appendedBefore);
  }
  progress.stop();
  return counts;
}

function printRedriven(out: Output, redriven: Redriven, json: boolean): void {
  if (json) return out.json(redriven);
  const { appended, unreadable, appendedBefore } = redriven;
  out.note(`${appended} appended again, ${unreadable} still cannot be read, ${appendedBefore} had been appended again before`);
}
