/**
 * Check 6: is the access within what the declaration allows? With several entries each is judged by itself, and a finding
 * holds only if every one of them is exceeded in that respect.
 */
import type { DeclarationEntry } from '../program/declaration.ts';
import type { Access } from '../record/record.ts';
import { type Findings, reasonIndex } from '../verdict/findings.ts';
import { fieldsOf, holds, withoutRepeats } from './long-lists.ts';
import type { Subject } from './subject.ts';

const BACKGROUND = reasonIndex('background_access');
const FIELDS = reasonIndex('excess_fields');
const VOLUME = reasonIndex('excess_volume');

/** One pass and no closures: nearly every access comes here and has no finding. */
export function checkScope({ access }: Subject, entries: readonly DeclarationEntry[], findings: Findings): void {
  let background = !access.foreground;
  let excess = access.fields !== null && access.fields.length > 0;
  let volume = true;
  const fields = excess ? withoutRepeats(access.fields ?? []) : [];
  for (const entry of entries) {
    background &&= !entry.background;
    excess &&= exceedsFields(fields, entry);
    volume &&= exceedsVolume(access, entry);
  }
  if (background) findings.add(BACKGROUND, { foreground: false }, { foreground: true });
  if (excess) addExcess(access.fields ?? [], entries, findings);
  if (volume) addVolume(access, entries, findings);
}

function addExcess(fields: readonly string[], entries: readonly DeclarationEntry[], findings: Findings): void {
  const allowed = fieldsOf(entries);
  const excess = fields.filter((field) => !allowed.set.has(field));
  findings.add(FIELDS, { fields, excess }, { fields: allowed.names });
}

function addVolume({ rows, bytes }: Access, entries: readonly DeclarationEntry[], findings: Findings): void {
  let maxRows = 0;
  let maxBytes = 0;
  for (const { maxRowsPerCall, maxBytesPerCall } of entries) {
    maxRows = Math.max(maxRows, maxRowsPerCall);
    maxBytes = Math.max(maxBytes, maxBytesPerCall);
  }
  findings.add(VOLUME, { rows, bytes }, { maxRowsPerCall: orNull(maxRows), maxBytesPerCall: orNull(maxBytes) });
}

/** An absent list limits nothing, an empty one allows nothing. */
function exceedsFields(fields: readonly string[], entry: DeclarationEntry): boolean {
  const allowed = entry.fields;
  if (allowed === null) return false;
  for (const field of fields) if (!holds(allowed, field)) return true;
  return false;
}

function exceedsVolume(access: Access, entry: DeclarationEntry): boolean {
  return access.bytes > entry.maxBytesPerCall || access.rows > entry.maxRowsPerCall;
}

function orNull(limit: number): number | null {
  return limit === Number.POSITIVE_INFINITY ? null : limit;
}
