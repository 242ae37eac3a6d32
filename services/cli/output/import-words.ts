/** What a person reads of a file that was imported. */
import { IMPORT_FORMATS } from '../../importers/formats.ts';
import type { ImportSummary } from '../../importers/import-file.ts';
import type { OddCode, OddThing } from '../../importers/odd-things.ts';
import type { Output } from './output.ts';
import { brief } from './terminal.ts';
import { counted, countedAre, grouped as n, wereOf } from '../../domain/wording/counted.ts';

/** Completes "odd: ..., N times": what readers noticed without being stopped by it. */
const ODD_IN_WORDS: Readonly<Record<OddCode, string>> = {
  end_without_begin: 'the end of an interval without its begin',
  begin_without_end: 'the begin of an interval without its end',
  end_before_begin: 'an interval that ends before it begins',
  repeated_identifier: 'an interval with two begins or two ends',
  repaired_privacy_key: 'a privacy key that was mended',
  unknown_privacy_key: 'a privacy key that the platform does not have',
  unread_member: 'a member of a list that cannot be read',
  unknown_scope: 'a scope or an API that is not known',
  fuzzy_and_precise: 'precise and fuzzy location declared together',
  no_version: 'a manifest without version and time, taken as version 1',
  repeated_program: 'another manifest of the same program',
  without_personal_data: 'an op that hands over no personal data, left out',
  still_running: 'an access that is still going on, left for a later dump',
  unknown_state: 'a process state that is not known, taken as on screen',
  other_utc_offset: 'an access in another time zone than its dump',
  age_differs: 'an access whose age is not the one of its time',
  skipped_line: 'a line around the accesses, left out',
  no_appops: 'a file without any uid, so no dump of app ops',
  utf16: 'text in UTF-16',
  json_array: 'one JSON array',
  pretty_json: 'JSON objects of several lines',
  other_format: 'none of the first lines is of the format',
  unknown_shape: 'a line of a shape that the format does not have, which is rejected',
};

export function oddInWords({ code, count, firstLine, first }: OddThing): string {
  const times = count === 1 ? 'once' : `${n(count)} times`;
  const example = first === undefined || first === '' ? '' : ` ('${brief(first, 80)}')`;
  return `odd: ${ODD_IN_WORDS[code]}, ${times}, first in line ${n(firstLine)}${example}`;
}

export function printImport(out: Output, one: ImportSummary): void {
  if (one.status === 'already_complete') out.note(`${brief(one.name)}: imported before, nothing to do`);
  else printWhatCame(out, one);
  const { otherUtcOffset: at } = one;
  if (at !== undefined) {
    const said = `its times were read at offset ${at} then and stay so; with another --utc-offset it needs a data folder of its own`;
    out.note(`  ${out.paint('yellow', said, out.errors)}`);
  }
}

/** Of a path in a message, and what is wrong with the file. */
const PROBLEM_CHARACTERS_MAX = 1_000;

/** What is wrong with files, which most messages name by their paths. */
export function printProblems(out: Output, imports: readonly Pick<ImportSummary, 'name' | 'problem'>[]): void {
  for (const { name, problem } of imports) {
    if (problem === null) continue;
    const message = brief(problem.message, PROBLEM_CHARACTERS_MAX);
    out.problem(problem.message.includes(name) ? message : `${brief(name)}: ${message}`);
  }
}

/** Said once, as what the file is. */
const OF_THE_WHOLE_FILE: ReadonlySet<OddCode> = new Set(['utf16', 'json_array', 'pretty_json', 'other_format']);

function printWhatCame(out: Output, one: ImportSummary): void {
  const resumed = one.skipped > 0 ? `, ${n(one.skipped)} ${wereOf(one.skipped)} imported before` : '';
  const known = one.alreadyKnown > 0 ? `, ${n(one.alreadyKnown)} known from other files` : '';
  out.note(`${brief(one.name)}: ${n(one.appended)} of ${counted(one.records, 'record')} appended${resumed}${known}`);
  for (const odd of one.odd) if (!OF_THE_WHOLE_FILE.has(odd.code)) out.note(`  ${oddInWords(odd)}`);
  const unread = unreadInWords(one);
  if (unread !== null) out.note(`  ${out.paint('yellow', unread, out.errors)}`);
}

/** Of the records of a file: so many that hardly any of it was read. */
const UNREAD_SHARE_MIN = 0.9;

/** Null: the file was read. Otherwise hardly anything of it comes to be judged, which no exit code tells. */
function unreadInWords({ format, records, odd }: ImportSummary): string | null {
  const named = `FORMAT:FILE names another format: ${IMPORT_FORMATS.join(', ')}`;
  if (records === 0 && odd.length === 0) return `there is no record in this file; ${named}`;
  if (odd.some(({ code }) => code === 'utf16'))
    return 'this is text in UTF-16, of which nothing can be read: save it as UTF-8 (iconv -f UTF-16 -t UTF-8)';
  if (odd.some(({ code }) => code === 'json_array'))
    return "this is one JSON array, and a file has one record a line: jq -c '.[]' FILE writes them so";
  if (odd.some(({ code }) => code === 'pretty_json'))
    return 'these are JSON objects of several lines, and a file has one record a line: jq -c . FILE writes them so';
  const other = odd.find(({ code }) => code === 'other_format');
  if (other !== undefined) {
    const isLike = other.first === undefined ? named : `it looks like ${brief(other.first)}: write ${brief(other.first)}:FILE`;
    return `none of the first lines can be read as ${format}; ${isLike}`;
  }
  const unknown = odd.find(({ code }) => code === 'unknown_shape')?.count ?? 0;
  const isUnread = unknown > 0 && unknown >= records * UNREAD_SHARE_MIN;
  return isUnread ? `hardly a line can be read as ${format}; ${named}` : null;
}

/** How far an interrupted run came with each of its inputs; `shares` of their bytes that were read, from 0 to 1. */
export function printInterrupted(out: Output, imports: readonly ImportSummary[], shares: readonly number[]): void {
  for (const [i, one] of imports.entries()) {
    const records = `${countedAre(one.records, 'record')} in the log`;
    if (one.status !== 'stopped') out.note(`${brief(one.name)}: read to its end, ${records}`);
    else if (one.records === 0) out.note(`${brief(one.name)}: not begun`);
    else out.note(`${brief(one.name)}: ${records}, at about ${percent(shares[i] ?? 0)} of the file`);
  }
  out.problem(
    'interrupted: not all is judged and stored yet, so there are no figures; the same command goes on where this one was',
  );
}

/** Of what is not at its end, even where everything was read ahead. */
function percent(share: number): string {
  return `${Math.min(99, Math.floor(share * 100))} %`;
}
