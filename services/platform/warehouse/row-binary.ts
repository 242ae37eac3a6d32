/**
 * ClickHouse's RowBinary for the types of our own tables: reads rows back as values with their exact place in the bytes, and
 * writes rows of small tables. Format: https://clickhouse.com/docs/interfaces/formats/RowBinary
 *
 * As values: integers are numbers while they are safe and bigints beyond; `DateTime64(3)` is milliseconds since 1970; an enum is
 * its label; a Map is a `Map`; a UUID and a FixedString are text. Text that is not UTF-8 reads with replacement characters;
 * only the bytes are exact then.
 */
import type { Column } from '../../../schemas/results/columns.ts';
import { ByteReader, ByteWriter, EndsEarly } from './bytes.ts';
import { type TypeName, parseType } from './column-type.ts';

/** Bytes or values that do not fit their columns: damage or a bug. */
export class RowBinaryError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RowBinaryError';
  }
}

interface Codec {
  read(from: ByteReader): unknown;
  write(to: ByteWriter, value: unknown): void;
}

interface DecodedRow {
  /** The row is `bytes.subarray(start, end)`. */
  readonly start: number;
  readonly end: number;
  /** One for each column. */
  readonly values: unknown[];
}

/**
 * Rows one by one, in order.
 * @throws RowBinaryError where the bytes end inside a row or hold what the column cannot
 */
export function* decodeRows(columns: readonly Column[], bytes: Buffer): Iterable<DecodedRow> {
  const codecs = columns.map(({ type }) => codecOf(type));
  const reader = new ByteReader(bytes);
  while (reader.at < bytes.length) {
    const start = reader.at;
    const values = new Array<unknown>(codecs.length);
    for (let i = 0; i < codecs.length; i++) {
      try {
        values[i] = codecs[i]!.read(reader);
      } catch (error) {
        if (!(error instanceof EndsEarly || error instanceof RowBinaryError)) throw error;
        throw new RowBinaryError(`column ${columns[i]!.name} of the row at byte ${start}: ${error.message}`);
      }
    }
    yield { start, end: reader.at, values };
  }
}

/**
 * One row. An object or a `Map` serves as a Map; `null` for what is Nullable.
 * @throws RowBinaryError when a value does not fit its column
 */
export function encodeRow(columns: readonly Column[], values: readonly unknown[]): Buffer {
  if (columns.length !== values.length) throw new RowBinaryError(`${values.length} values for ${columns.length} columns`);
  const out = new ByteWriter();
  columns.forEach(({ name, type }, i) => {
    try {
      codecOf(type).write(out, values[i]);
    } catch (error) {
      if (!(error instanceof RowBinaryError)) throw error;
      throw new RowBinaryError(`column ${name}: ${error.message}`);
    }
  });
  return out.written();
}

/** Types are few and their names constant, so the codecs are built once. */
const codecs = new Map<string, Codec>();

function codecOf(type: string): Codec {
  let codec = codecs.get(type);
  if (codec === undefined) {
    codec = build(parseType(type));
    codecs.set(type, codec);
  }
  return codec;
}

function build(type: TypeName): Codec {
  const inner = (i: number): Codec => build(type.types[i]!);
  switch (type.name) {
    case 'UInt8':
      return integer(1);
    case 'UInt16':
      return integer(2);
    case 'UInt32':
      return integer(4);
    case 'UInt64':
      return uint64;
    case 'Float32':
      return float32;
    case 'Bool':
      return bool;
    case 'String':
      return string;
    case 'FixedString':
      return fixedString(type.size);
    case 'UUID':
      return uuid;
    case 'DateTime64':
      return dateTime64;
    case 'Enum8':
      return enum8(type.labels);
    case 'LowCardinality':
      return inner(0);
    case 'Nullable':
      return nullable(inner(0));
    case 'Array':
      return array(inner(0));
    case 'Map':
      return map(inner(0), inner(1));
  }
}

function integer(bytes: 1 | 2 | 4): Codec {
  const max = 2 ** (bytes * 8) - 1;
  return {
    read: (from) => from.uint(bytes),
    write: (to, value) => {
      if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > max) throw notA(`UInt${bytes * 8}`);
      to.uint(value as number, bytes);
    },
  };
}

const UINT64_MAX = 2n ** 64n - 1n;

const uint64: Codec = {
  read: (from) => {
    const value = from.uint64();
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
  },
  write: (to, value) => {
    const exact = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
    if (typeof exact !== 'bigint' || exact < 0n || exact > UINT64_MAX) throw notA('UInt64');
    to.uint64(exact);
  },
};

const float32: Codec = {
  read: (from) => from.float32(),
  write: (to, value) => {
    if (typeof value !== 'number') throw notA('Float32');
    to.float32(value);
  },
};

const bool: Codec = {
  read: (from) => from.uint(1) !== 0,
  write: (to, value) => {
    if (typeof value !== 'boolean') throw notA('Bool');
    to.uint(value ? 1 : 0, 1);
  },
};

const string: Codec = {
  read: (from) => from.text(from.varint()),
  write: (to, value) => {
    if (typeof value !== 'string') throw notA('String');
    const bytes = Buffer.from(value, 'utf8');
    to.varint(bytes.length);
    to.bytes(bytes);
  },
};

/** Shorter text is filled up with zeros; they are part of the value that is read. */
function fixedString(size: number): Codec {
  return {
    read: (from) => from.text(size),
    write: (to, value) => {
      const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : null;
      if (bytes === null || bytes.length > size) throw notA(`FixedString(${size})`);
      to.bytes(Buffer.concat([bytes], size));
    },
  };
}

const UUID_TEXT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Two UInt64, the first half of the text first. */
const uuid: Codec = {
  read: (from) => {
    const hex = [from.uint64(), from.uint64()].map((half) => half.toString(16).padStart(16, '0')).join('');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  },
  write: (to, value) => {
    if (typeof value !== 'string' || !UUID_TEXT.test(value)) throw notA('UUID');
    const hex = value.replaceAll('-', '');
    to.uint64(BigInt(`0x${hex.slice(0, 16)}`));
    to.uint64(BigInt(`0x${hex.slice(16)}`));
  },
};

/** An Int64 of milliseconds. */
const dateTime64: Codec = {
  read: (from) => Number(BigInt.asIntN(64, from.uint64())),
  write: (to, value) => {
    if (!Number.isSafeInteger(value)) throw notA('DateTime64(3)');
    to.uint64(BigInt.asUintN(64, BigInt(value as number)));
  },
};

function enum8(labels: ReadonlyMap<string, number>): Codec {
  const byCode = new Map([...labels].map(([label, code]) => [code, label]));
  return {
    read: (from) => {
      const code = (from.uint(1) << 24) >> 24;
      const label = byCode.get(code);
      if (label === undefined) throw new RowBinaryError(`no label of the enum has code ${code}`);
      return label;
    },
    write: (to, value) => {
      const code = typeof value === 'string' ? labels.get(value) : undefined;
      if (code === undefined) throw notA(`label of the enum (${[...labels.keys()].join(', ')})`);
      to.uint(code & 0xff, 1);
    },
  };
}

function nullable(inner: Codec): Codec {
  return {
    read: (from) => (from.uint(1) === 0 ? inner.read(from) : null),
    write: (to, value) => {
      to.uint(value === null ? 1 : 0, 1);
      if (value !== null) inner.write(to, value);
    },
  };
}

function array(inner: Codec): Codec {
  return {
    read: (from) => {
      const length = from.varint();
      const values: unknown[] = [];
      for (let i = 0; i < length; i++) values.push(inner.read(from));
      return values;
    },
    write: (to, value) => {
      if (!Array.isArray(value)) throw notA('Array');
      to.varint(value.length);
      for (const each of value as unknown[]) inner.write(to, each);
    },
  };
}

function map(key: Codec, inner: Codec): Codec {
  return {
    read: (from) => {
      const length = from.varint();
      const entries = new Map<unknown, unknown>();
      for (let i = 0; i < length; i++) entries.set(key.read(from), inner.read(from));
      return entries;
    },
    write: (to, value) => {
      if (typeof value !== 'object' || value === null) throw notA('Map');
      const entries = value instanceof Map ? [...(value as Map<unknown, unknown>)] : Object.entries(value);
      to.varint(entries.length);
      for (const [name, each] of entries) {
        key.write(to, name);
        inner.write(to, each);
      }
    },
  };
}

function notA(type: string): RowBinaryError {
  // Without the value: it may be a user's.
  return new RowBinaryError(`the value is not a ${type}`);
}
