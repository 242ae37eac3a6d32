/** One line of `dumpsys appops` to what it says (formats.md). Layouts differ in indentation, so the words decide. */
import { INVALID_TIME, parseTimeUs } from '../../domain/record/time.ts';

/** Longest line and name that are read; what is longer is none of a dump. */
const LINE_UNITS_MAX = 4096;
const NAME_UNITS_MAX = 1024;

export interface UsedLine {
  readonly kind: 'used';
  readonly isRefused: boolean;
  /** `top`, `fgsvc`, `fg`, `bg`, `cch`, `pers`; empty where the layout has none. */
  readonly state: string;
  /** `top-s`: one line of each kind for each of these. */
  readonly key: string;
  /** As printed: the device's own time, without its offset. */
  readonly text: string;
  /** The same as milliseconds, as if it were UTC. */
  readonly localMs: number;
  /** How long before the dump it was; null where the line does not say. */
  readonly ageMs: number | null;
  readonly durationMs: number | null;
}

type AppOpsLine =
  | UsedLine
  /** Begins the dump, or another one. */
  | { readonly kind: 'dump' }
  | { readonly kind: 'uid'; readonly androidUser: number }
  | { readonly kind: 'package'; readonly name: string }
  | { readonly kind: 'op'; readonly op: string }
  /** Of a part of the program; null where it names none. */
  | { readonly kind: 'attribution'; readonly tag: string | null }
  | { readonly kind: 'running' }
  /** Says something about a uid or an op, but of no access. */
  | { readonly kind: 'setting' }
  | { readonly kind: 'unknown' };

const UNKNOWN = { kind: 'unknown' } as const;
const SETTING = { kind: 'setting' } as const;

const DUMP = /^Current AppOps Service state:$/;
const UID = /^Uid (?:u(\d{1,6})[ais]\d+|\d+):$/;
const PACKAGE = /^Package (\S+):$/;
/** `READ_CONTACTS (allow):`, `COARSE_LOCATION (allow / switch COARSE_LOCATION=ignore):`, `MIUIOP(10008) (allow):`. */
const OP = /^(\S+) \([^)]*\):$/;
const ATTRIBUTION = /^(.*)=\[$/;
const USED =
  /^(Access|Reject): ?(?:\[(([a-z]+)(?:-[a-z|]+)?)\]|(([a-z]+) =))? ?(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,6})?)(?: \(([^)]*)\))?(.*)$/;
const DURATION = / duration=(\S+)/;
const RUNNING = /^Running start at: /;
/** `state=cch`, `capability=LCMN`, `startNesting=0`; uid modes: `COARSE_LOCATION: mode=foreground`. */
const VALUE = /^(?:[a-z][A-Za-z]*=\S*(?: .*)?|[A-Z0-9_]+(?:\(\d+\))?: mode=[a-z]+)$/;

export function readAppOpsLine(line: string): AppOpsLine {
  if (line.length > LINE_UNITS_MAX) return UNKNOWN;
  const text = line.trim();
  const used = USED.exec(text);
  if (used !== null) return readUsed(used) ?? UNKNOWN;
  if (DUMP.test(text)) return { kind: 'dump' };
  const uid = UID.exec(text);
  if (uid !== null) return { kind: 'uid', androidUser: Number(uid[1] ?? 0) };
  const name = PACKAGE.exec(text)?.[1];
  // `*` is the subject of what concerns all programs.
  if (name !== undefined) return name.length <= NAME_UNITS_MAX && name !== '*' ? { kind: 'package', name } : UNKNOWN;
  const op = OP.exec(text)?.[1];
  if (op !== undefined) return op.length <= NAME_UNITS_MAX ? { kind: 'op', op } : UNKNOWN;
  const tag = ATTRIBUTION.exec(text)?.[1];
  if (tag !== undefined) return { kind: 'attribution', tag: tag === 'null' ? null : tag };
  if (RUNNING.test(text)) return { kind: 'running' };
  return text === ']' || VALUE.test(text) ? SETTING : UNKNOWN;
}

function readUsed(used: RegExpExecArray): UsedLine | null {
  const [, word, bracketed, state, old, oldState, date, time, age, rest] = used;
  const us = parseTimeUs(`${date}T${time}Z`);
  const ageMs = age === undefined ? null : durationMs(age);
  const duration = DURATION.exec(rest ?? '')?.[1];
  const lasted = duration === undefined ? null : durationMs(duration);
  if (us === INVALID_TIME || Number.isNaN(ageMs) || Number.isNaN(lasted)) return null;
  return {
    kind: 'used',
    isRefused: word === 'Reject',
    state: state ?? oldState ?? '',
    key: bracketed ?? old ?? '',
    text: `${date} ${time}`,
    localMs: Math.floor(us / 1000),
    ageMs: ageMs === null ? null : -ageMs,
    durationMs: lasted === null ? null : Math.max(0, lasted),
  };
}

const PARTS = /^([+-]?)(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m(?!s))?(?:(\d{1,9})s)?(?:(\d{1,9})ms)?$/;
const UNITS_MS = [86_400_000, 3_600_000, 60_000, 1000, 1];

/** Android's durations, `-8d0h41m23s858ms`, in milliseconds with their sign; NaN for anything else. */
export function durationMs(text: string): number {
  if (text === '0') return 0;
  const parts = PARTS.exec(text);
  if (parts === null || parts.slice(2).every((part) => part === undefined)) return Number.NaN;
  const sum = UNITS_MS.reduce((total, unit, i) => total + unit * Number(parts[i + 2] ?? 0), 0);
  return parts[1] === '-' ? -sum : sum;
}
