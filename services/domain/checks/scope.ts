/**
 * Check 6: is the access within what the declaration allows? With several entries each is judged by itself, and a finding
 * holds only if every one of them is exceeded in that respect.
 */
import type { DeclarationEntry } from '../program/declaration.ts';
import type { Access } from '../record/record.ts';
import { type Findings, reasonIndex } from '../verdict/findings.ts';
import type { Subject } from './subject.ts';

const BACKGROUND = reasonIndex('background_access');
const FIELDS = reasonIndex('excess_fields');
const VOLUME = reasonIndex('excess_volume');

/** One pass and no closures: nearly every access comes here and has no finding. */
export function checkScope({ access }: Subject, entries: readonly DeclarationEntry[], findings: Findings): void {
  let background = !access.foreground;
  let excess = access.fields !== null && access.fields.length > 0;
  let volume = true;
  for (const entry of entries) {
    background &&= !entry.background;
    excess &&= exceedsFields(access.fields ?? [], entry);
    volume &&= exceedsVolume(access, entry);
  }
  if (background) findings.add(BACKGROUND, { foreground: false }, { foreground: true });
  if (excess) addExcess(access.fields ?? [], entries, findings);
  if (volume) {
    findings.add(
      VOLUME,
      { rows: access.rows, bytes: access.bytes },
      {
        maxRowsPerCall: orNull(Math.max(...entries.map((entry) => entry.maxRowsPerCall))),
        maxBytesPerCall: orNull(Math.max(...entries.map((entry) => entry.maxBytesPerCall))),
      },
    );
  }
}

function addExcess(fields: readonly string[], entries: readonly DeclarationEntry[], findings: Findings): void {
  const allowed = entries.flatMap((entry) => entry.fields ?? []);
  const excess = fields.filter((field) => entries.every((entry) => !entry.fields?.includes(field)));
  findings.add(FIELDS, { fields, excess }, { fields: [...new Set(allowed)] });
}

/** An absent list limits nothing, an empty one allows nothing. */
function exceedsFields(fields: readonly string[], entry: DeclarationEntry): boolean {
  const allowed = entry.fields;
  if (allowed === null) return false;
  for (const field of fields) if (!allowed.includes(field)) return true;
  return false;
}

function exceedsVolume(access: Access, entry: DeclarationEntry): boolean {
  return access.bytes > entry.maxBytesPerCall || access.rows > entry.maxRowsPerCall;
}

function orNull(limit: number): number | null {
  return limit === Number.POSITIVE_INFINITY ? null : limit;
}
