/** Files that a command reads, as they are named on the command line: `FILE`, or `FORMAT:FILE`. */
import { existsSync } from 'node:fs';
import { closestTo } from '../../schemas/policy/wording.ts';
import { IMPORT_FORMATS, type ImportFormat, UTC_OFFSET } from '../importers/formats.ts';
import { UserError } from '../system/user-error.ts';
import { brief } from './output/terminal.ts';

export const UTC_OFFSET_WORDS = 'offset from UTC of times that name none (android-appops), for instance +08:00; default: Z';

/** @throws UserError for what is no offset */
export function utcOffsetOf(text: string): string {
  if (UTC_OFFSET.test(text)) return text;
  throw new UserError(`--utc-offset '${brief(text, 20)}' is no offset: write Z, +08:00 or -05:00`);
}

/** @throws UserError that lists the formats */
function importFormatOf(text: string): ImportFormat {
  const format = IMPORT_FORMATS.find((known) => known === text);
  if (format === undefined) throw new UserError(`format '${brief(text, 40)}' is unknown: one of ${IMPORT_FORMATS.join(', ')}`);
  return format;
}

/**
 * A file to import; `fallback` is the format of one whose name gives none.
 * @throws UserError for a format that is none
 */
export function splitInputName(name: string, fallback: string): { readonly path: string; readonly format: ImportFormat } {
  const { path, format } = splitFormat(name, IMPORT_FORMATS);
  return { path, format: format ?? importFormatOf(fallback) };
}

/** @throws UserError for what looks like a format, and is none of these */
export function splitFormat<F extends string>(
  name: string,
  formats: readonly F[],
): { readonly path: string; readonly format: F | null } {
  const format = formats.find((known) => name.startsWith(`${known}:`));
  if (format !== undefined) return { path: name.slice(format.length + 1), format };
  refuseMisspelt(name, formats);
  return { path: name, format: null };
}

/**
 * A word before a colon is meant as a format, unless a file has the whole name: "no such file" would not help whoever misspelt one.
 * @throws UserError with the format that is meant
 */
function refuseMisspelt(name: string, formats: readonly string[]): void {
  const word = /^([a-z][a-z-]{2,}):./i.exec(name)?.[1];
  if (word === undefined || existsSync(name)) return;
  const meant = closestTo(word.toLowerCase(), formats);
  const hint =
    meant === undefined ? `one of ${formats.join(', ')}` : `did you mean ${meant}:${brief(name.slice(word.length + 1))}?`;
  throw new UserError(`format '${brief(word, 40)}' is unknown: ${hint}`);
}
