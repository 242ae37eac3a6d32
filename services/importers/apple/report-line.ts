/**
 * One JSON value of an App Privacy Report to what it says, in all versions that were seen (formats.md): version 2 with `stream`,
 * `tccService` and `timestamp`; version 3 with markers; version 4 with `type`. Unknown keys are fine, an unknown shape is not read.
 */
import { INVALID_TIME, parseTimeUs } from '../../domain/record/time.ts';
import { apiOf, type ReportedApi } from './api-names.ts';

/** Longest name of a program, domain or interval, in UTF-16 units; longer ones are no report. */
const TEXT_UNITS_MAX = 1024;

type Phase = 'begin' | 'end' | 'event';

/** A time as written, which keeps its offset, and in microseconds. */
export interface Stamp {
  readonly text: string;
  readonly us: number;
}

export interface AccessLine extends ReportedApi {
  readonly kind: 'access';
  readonly phase: Phase;
  /** Shared by the begin and the end of an interval. */
  readonly identifier: string;
  readonly program: string;
  readonly at: Stamp;
}

/** How often a program contacted a domain between two moments. */
export interface NetworkRow {
  readonly kind: 'network';
  readonly program: string;
  readonly domain: string;
  readonly context: string;
  readonly initiatedType: string;
  readonly hits: number;
  /** The window's ends, microseconds since 1970. */
  readonly firstUs: number;
  readonly lastUs: number;
  /** As written: when the row says that the last contact was. */
  readonly last: Stamp;
}

type ReportLine =
  | AccessLine
  | NetworkRow
  /** Network rows by program: how version 2 wrote them, as one object. */
  | { readonly kind: 'domains'; readonly rows: readonly NetworkRow[] }
  /** Begins or ends a section; says nothing about a program. */
  | { readonly kind: 'marker' }
  | { readonly kind: 'unknown' };

const UNKNOWN = { kind: 'unknown' } as const;
const PHASES: ReadonlyMap<unknown, Phase> = new Map([
  ['intervalBegin', 'begin'],
  ['intervalEnd', 'end'],
  ['event', 'event'],
]);

type Fields = Readonly<Record<string, unknown>>;

export function readReportLine(value: unknown): ReportLine {
  if (!isFields(value) || 'specversion' in value) return UNKNOWN;
  const { type } = value;
  // What says more than a marker is taken at that: an access must not go by because of one word more in its line.
  const saysMore = type === 'access' || type === 'networkActivity' || 'accessor' in value || 'domain' in value;
  if (typeof value['_marker'] === 'string' && !saysMore) return { kind: 'marker' };
  if (type === 'access' || (type === undefined && isFields(value['accessor']))) return readAccess(value) ?? UNKNOWN;
  if (type === 'networkActivity' || (type === undefined && 'domain' in value)) return readNetworkRow(value, null) ?? UNKNOWN;
  return type === undefined ? readDomains(value) : UNKNOWN;
}

function readAccess(value: Fields): AccessLine | null {
  const { accessor, identifier, category, tccService, stream, kind } = value;
  const phase = PHASES.get(kind);
  const at = stampOf(value['timeStamp'] ?? value['timestamp']);
  const program = isFields(accessor) ? programOf(accessor['identifier']) : null;
  const reported = apiOf(textOf(category), textOf(tccService), textOf(stream));
  const id = textOf(identifier);
  if (phase === undefined || at === null || program === null || reported === null || id === null) return null;
  return { kind: 'access', phase, identifier: id, program, ...reported, at };
}

/** `owner` is the program under whose name the row stands, where it does not say so itself. */
function readNetworkRow(value: Fields, owner: string | null): NetworkRow | null {
  const { bundleID, hasApp, domain, hits = 1, context = '', initiatedType = '' } = value;
  const bundleName = value['hasApp.bundleName'] ?? (isFields(hasApp) ? hasApp['bundleName'] : undefined);
  const program = programOf(bundleID ?? bundleName ?? owner);
  const name = textOf(domain);
  const last = stampOf(value['timeStamp'] ?? value['timestamp']);
  const first = value['firstTimeStamp'] === undefined ? last : stampOf(value['firstTimeStamp']);
  if (program === null || name === null || last === null || first === null || !isCount(hits)) return null;
  if (!isShort(context) || !isShort(initiatedType)) return null;
  // Both ends are inside the window, whichever comes first.
  const window = { firstUs: Math.min(first.us, last.us), lastUs: Math.max(first.us, last.us) };
  return { kind: 'network', program, domain: name, context, initiatedType, hits, ...window, last };
}

function readDomains(value: Fields): ReportLine {
  const rows: NetworkRow[] = [];
  for (const [program, list] of Object.entries(value)) {
    if (!Array.isArray(list)) return UNKNOWN;
    for (const item of list) {
      const row = isFields(item) ? readNetworkRow(item, program) : null;
      if (row === null) return UNKNOWN;
      rows.push(row);
    }
  }
  return rows.length === 0 ? UNKNOWN : { kind: 'domains', rows };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isShort(value: unknown): value is string {
  return typeof value === 'string' && value.length <= TEXT_UNITS_MAX;
}

function textOf(value: unknown): string | null {
  return isShort(value) && value !== '' ? value : null;
}

/** `*` is the subject of what concerns all programs, so no program can be called that. */
function programOf(value: unknown): string | null {
  return value === '*' ? null : textOf(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function stampOf(value: unknown): Stamp | null {
  if (!isShort(value)) return null;
  const us = parseTimeUs(value);
  return us === INVALID_TIME ? null : { text: value, us };
}
