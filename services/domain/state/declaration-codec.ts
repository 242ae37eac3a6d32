/** A declaration in force, in a state page. */
import type { Appearance, DeclarationEntry, DeclarationInForce, DeclaredPurpose } from '../program/declaration.ts';
import { putInForce } from '../program/declaration.ts';
import type { ScopePool } from '../program/declared-scope.ts';
import type { ByteReader, ByteWriter } from './bytes.ts';

export function writeDeclarationInForce(out: ByteWriter, declaration: DeclarationInForce): void {
  out.varint(declaration.version);
  out.string(declaration.developer);
  out.varint(declaration.className === null ? 0 : 1);
  out.string(declaration.className ?? '');
  writeStrings(out, declaration.linkHosts);
  const { purposes, byCategory } = declaration.scope;
  out.varint(purposes.length);
  for (const purpose of purposes) {
    out.string(purpose.id);
    out.varint(purpose.entries.length);
    for (const entry of purpose.entries) writeEntry(out, entry);
  }
  out.varint(byCategory.size);
  for (const [category, { place }] of byCategory) {
    const { version, sinceUs } = declaration.appearances[place]!;
    out.string(category);
    out.varint(version);
    out.double(sinceUs);
  }
  out.double(declaration.firstDeclaredUs);
}

function writeEntry(out: ByteWriter, entry: DeclarationEntry): void {
  out.string(entry.category);
  out.varint(entry.background ? 1 : 0);
  out.double(entry.maxBytesPerCall);
  out.double(entry.maxRowsPerCall);
  out.varint(entry.fields === null ? 0 : 1);
  writeStrings(out, entry.fields ?? []);
}

function writeStrings(out: ByteWriter, strings: readonly string[]): void {
  out.varint(strings.length);
  for (const text of strings) out.string(text);
}

export function readDeclarationInForce(reader: ByteReader, scopes: ScopePool): DeclarationInForce {
  const version = reader.varint();
  const developer = reader.string();
  const hasClass = reader.varint() === 1;
  const className = reader.string();
  const linkHosts = readStrings(reader);
  const purposes = readMany(reader, readPurpose);
  const stored = new Map<string, Appearance>();
  for (let count = reader.varint(); count > 0; count--) {
    const category = reader.string();
    stored.set(category, { version: reader.varint(), sinceUs: reader.double() });
  }
  const firstDeclaredUs = reader.double();
  const declaration = { version, developer, className: hasClass ? className : null, linkHosts, purposes };
  const inForce = putInForce(declaration, null, firstDeclaredUs, scopes);
  const appearances = Array.from(inForce.scope.byCategory.keys(), (category, place) =>
    shared(inForce.appearances[place]!, stored.get(category)),
  );
  return { ...inForce, appearances };
}

/** Most categories have been listed since the first version: one object serves them all. */
function shared(first: Appearance, stored: Appearance | undefined): Appearance {
  if (stored === undefined) return first;
  return stored.version === first.version && stored.sinceUs === first.sinceUs ? first : stored;
}

function readPurpose(reader: ByteReader): DeclaredPurpose {
  return { id: reader.string(), entries: readMany(reader, readEntry) };
}

function readEntry(reader: ByteReader): DeclarationEntry {
  const category = reader.string();
  const background = reader.varint() === 1;
  const maxBytesPerCall = reader.double();
  const maxRowsPerCall = reader.double();
  const hasFields = reader.varint() === 1;
  const fields = readStrings(reader);
  return { category, background, maxBytesPerCall, maxRowsPerCall, fields: hasFields ? fields : null };
}

function readStrings(reader: ByteReader): string[] {
  return readMany(reader, () => reader.string());
}

function readMany<T>(reader: ByteReader, read: (reader: ByteReader) => T): T[] {
  const count = reader.varint();
  const members: T[] = [];
  for (let i = 0; i < count; i++) members.push(read(reader));
  return members;
}
