/**
 * One line to what it says about one program. A line is a JSON object that names the program (`appid` or `program`) and holds, at its
 * top or under a name of their own, the answer to `getprivacysetting` (`getprivacysetting`), the app.json (`appJson`), what static
 * analysis found (`calledApis`), or several of them. docs/wechat.md has examples.
 */
import { INVALID_TIME, parseTimeUs } from '../../domain/record/time.ts';
import { type AppJson, readAppJson } from './app-json.ts';
import { readCodeCalls } from './code-calls.ts';
import { type Fields, isFields, type Manifest, type ManifestPurpose, type NoteOdd, textOf } from './manifest.ts';
import { type PrivacyAnswer, readPrivacyAnswer } from './privacy-answer.ts';

const ANSWER_KEYS = ['setting_list', 'privacy_list'];
const APP_JSON_KEYS = ['requiredPrivateInfos', 'permission', 'requiredBackgroundModes'];
/** Where a repository keeps its one program; another folder is part of the program's name. */
const USUAL_FOLDERS: ReadonlySet<string> = new Set(['', 'miniprogram']);
const VERSION_MAX = 2 ** 32 - 1;
const BEGINNING = '1970-01-01T00:00:00Z';
const PLACES: ReadonlySet<string> = new Set(['location', 'location_coarse']);

/** Null when the line is no manifest of a program. */
export function readManifestLine(value: unknown, odd: NoteOdd): Manifest | null {
  if (!isFields(value) || 'specversion' in value) return null;
  const program = programOf(value);
  const answerFields = fieldsAt(value, 'getprivacysetting', ANSWER_KEYS);
  const appJsonFields = fieldsAt(value, 'appJson', APP_JSON_KEYS);
  if (program === null || answerFields === undefined || appJsonFields === undefined) return null;
  const answer = answerFields === null ? null : readPrivacyAnswer(answerFields, odd);
  if (answerFields !== null && answer === null) return null;
  const appJson = appJsonFields === null ? null : readAppJson(appJsonFields, odd);
  const calls = readCodeCalls(value, odd);
  if (answer === null && appJson === null && calls === null) return null;
  const detected = [...new Set([...(answer?.detected ?? []), ...(calls ?? []).map(({ category }) => category)])];
  return {
    program,
    developer: textOf(value['developer']) ?? ownerOf(value),
    name: textOf(value['name']),
    className: textOf(value['class']),
    ...stampOf(value, answer, odd),
    purposes: purposesOf(answer, appJson),
    detected: calls === null && (answer?.detected ?? null) === null ? null : detected,
    calls: calls ?? [],
    requiredApis: appJson?.requiredApis ?? null,
    isWhole: answer !== null,
  };
}

/** The fields under `name`, or the whole line when it has one of `keys`; null without either, undefined for what is no object. */
function fieldsAt(value: Fields, name: string, keys: readonly string[]): Fields | null | undefined {
  const own = value[name];
  if (own !== undefined && own !== null) return isFields(own) ? own : undefined;
  return keys.some((key) => key in value) ? value : null;
}

/** `*` is the subject of what concerns all programs, so no program can be called that. */
function programOf(value: Fields): string | null {
  const id = textOf(value['appid']) ?? textOf(value['program']) ?? textOf(value['authorizer_appid']);
  if (id === null || id === '*') return null;
  const path = textOf(value['path']);
  const folder = path === null ? '' : path.slice(0, Math.max(0, path.lastIndexOf('/')));
  return value['appid'] !== undefined || USUAL_FOLDERS.has(folder) ? id : `${id}/${folder}`;
}

/** The account of a public repository `owner/name`. */
function ownerOf(value: Fields): string | null {
  const id = textOf(value['program']);
  return id !== null && textOf(value['commit']) !== null && id.includes('/') ? id.slice(0, id.indexOf('/')) : null;
}

/** Where the background is declared, it is for the place: no other kind of data can be read there. */
function purposesOf(answer: PrivacyAnswer | null, appJson: AppJson | null): ManifestPurpose[] {
  const purposes = [...(answer?.purposes ?? []), ...(appJson?.purposes ?? [])];
  if (!appJson?.isInBackground) return purposes;
  return purposes.map(({ entries, ...purpose }) => ({
    ...purpose,
    entries: entries.map(({ category, background }) => ({ category, background: background || PLACES.has(category) })),
  }));
}

/**
 * A later manifest must have the higher version, or it would be ignored as stale: where nothing counts versions the seconds of its
 * time do.
 */
function stampOf(
  value: Fields,
  answer: PrivacyAnswer | null,
  odd: NoteOdd,
): { readonly version: number; readonly time: string; readonly timeUs: number | null } {
  const updated = answer?.updatedSeconds ?? null;
  const written = textOf(value['time']) ?? textOf(value['commitDate']);
  const writtenUs = written === null ? INVALID_TIME : parseTimeUs(written);
  const timeUs = updated !== null ? updated * 1_000_000 : writtenUs === INVALID_TIME ? null : writtenUs;
  const time = updated !== null ? new Date(updated * 1000).toISOString() : timeUs === null ? BEGINNING : written!;
  const counted = value['version'];
  const isCounted = Number.isSafeInteger(counted) && (counted as number) >= 1 && (counted as number) <= VERSION_MAX;
  if (!isCounted && timeUs === null) odd('no_version');
  const seconds = Math.min(VERSION_MAX, Math.max(1, Math.floor((timeUs ?? 0) / 1_000_000)));
  return { version: isCounted ? (counted as number) : seconds, time, timeUs };
}
