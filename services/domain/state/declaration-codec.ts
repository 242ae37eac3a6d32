/** A declaration in force, in a state page. */
import type { DeclarationEntry, DeclarationInForce, DeclaredPurpose } from '../program/declaration.ts';
import { putInForce } from '../program/declaration.ts';
import type { ByteReader, ByteWriter } from './bytes.ts';

export function writeDeclarationInForce(out: ByteWriter, declaration: DeclarationInForce): void {
  out.varint(declaration.version);
  out.string(declaration.developer);
  out.varint(declaration.className === null ? 0 : 1);
  out.string(declaration.className ?? '');
  writeStrings(out, declaration.linkHosts);
  out.varint(declaration.purposes.length);
  for (const purpose of declaration.purposes) {
    out.string(purpose.id);
    out.varint(purpose.entries.length);
    for (const entry of purpose.entries) writeEntry(out, entry);
  }
  out.varint(declaration.firstAppeared.size);
  for (const [category, version] of declaration.firstAppeared) {
    out.string(category);
    out.varint(version);
    out.double(declaration.listedSinceUs.get(category)!);
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

export function readDeclarationInForce(reader: ByteReader): DeclarationInForce {
  const version = reader.varint();
  const developer = reader.string();
  const hasClass = reader.varint() === 1;
  const className = reader.string();
  const linkHosts = readStrings(reader);
  const purposes = readMany(reader, readPurpose);
  const firstAppeared = new Map<string, number>();
  const listedSinceUs = new Map<string, number>();
  for (let count = reader.varint(); count > 0; count--) {
    const category = reader.string();
    firstAppeared.set(category, reader.varint());
    listedSinceUs.set(category, reader.double());
  }
  const firstDeclaredUs = reader.double();
  const declaration = { version, developer, className: hasClass ? className : null, linkHosts, purposes };
  return { ...putInForce(declaration, null, firstDeclaredUs), firstAppeared, listedSinceUs };
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
