/** Manifests of WeChat mini-programs to facts: a line is one `ntk.declaration` (contracts.md section 1.2). */
import { createHash } from 'node:crypto';
import { RECORD_BYTES_KEPT, RECORD_BYTES_MAX } from '../../../schemas/codes.ts';
import { partitionOf } from '../../domain/partitioning/murmur2.ts';
import { encodingOf, parseJson } from '../../domain/record/json.ts';
import type { Candidate, ConvertOptions, Importable } from '../candidate.ts';
import type { LineBatch } from '../lines.ts';
import type { OddThings } from '../odd-things.ts';
import { unreadLine } from '../unread-line.ts';
import type { Manifest } from './manifest.ts';
import { readManifestLine } from './manifest-line.ts';

const WECHAT_SOURCE = 'host/wechat';

/** Programs of a file whose second manifest is noticed; nothing but the note depends on it. */
const PROGRAMS_NOTED_MAX = 1_000_000;

/** Every line is one candidate, in the order of the file. */
export async function* convertWeChatDeclarations(
  lines: AsyncIterable<LineBatch>,
  { partitions, skip, odd }: ConvertOptions,
): AsyncGenerator<readonly Candidate[]> {
  let toSkip = skip;
  for await (const read of readManifests(lines, odd)) {
    const candidates = read.map(({ manifest, line, saysItIsAnEvent }) =>
      manifest === null ? unreadLine(line, saysItIsAnEvent) : declarationEvent(manifest, partitions),
    );
    const first = Math.min(toSkip, candidates.length);
    toSkip -= first;
    if (first < candidates.length) yield candidates.slice(first);
  }
}

interface ReadLine {
  /** Null: the line is none. */
  readonly manifest: Manifest | null;
  readonly line: Buffer;
  readonly saysItIsAnEvent: boolean;
}

/** The manifests of a file, one a line; what is strange is noted, what cannot be read is passed on. */
export async function* readManifests(lines: AsyncIterable<LineBatch>, odd: OddThings): AsyncGenerator<readonly ReadLine[]> {
  const seen = new Set<string>();
  let lineNumber = 0;
  for await (const { bytes, count, starts, ends } of lines) {
    const encoding = count === 0 ? 'ascii' : encodingOf(bytes.subarray(starts[0], ends[count - 1]));
    const read: ReadLine[] = [];
    for (let i = 0; i < count; i++) {
      const number = ++lineNumber;
      const start = starts[i]!;
      const end = ends[i]!;
      const value = end - start > RECORD_BYTES_MAX ? undefined : parseJson(bytes, start, end, encoding);
      const manifest = readManifestLine(value, (code, example) => odd.note(code, number, example));
      if (manifest === null) odd.note('unknown_shape', number);
      else if (seen.has(manifest.program)) odd.note('repeated_program', number, manifest.program);
      else if (seen.size < PROGRAMS_NOTED_MAX) seen.add(manifest.program);
      const saysItIsAnEvent = typeof value === 'object' && value !== null && 'specversion' in value;
      read.push({ manifest, line: bytes.subarray(start, end), saysItIsAnEvent });
    }
    yield read;
  }
}

/**
 * The id follows from what is declared, so the same manifest in another file is a duplicate. A declaration is longer than what it was made
 * from, ten times where names are short: of more than the log takes it gets what makes it `too_large`.
 */
function declarationEvent(manifest: Manifest, partitions: number): Importable {
  const { program, developer, name, className, version, time, purposes, detected } = manifest;
  const data = {
    version,
    developer: developer ?? undefined,
    name: name ?? undefined,
    class: className ?? undefined,
    purposes: purposes.map(({ id, text, entries }) => ({ id, text: text === '' ? undefined : text, categories: entries })),
    detected: detected ?? undefined,
  };
  const hash = createHash('sha256')
    .update(JSON.stringify([program, data]))
    .digest('hex')
    .slice(0, 32);
  const event = {
    specversion: '1.0',
    id: `wechat/${hash}`,
    source: WECHAT_SOURCE,
    type: 'ntk.declaration',
    subject: program,
    time,
    data,
  };
  return {
    partition: partitionOf(program, partitions),
    value: Buffer.from(JSON.stringify(event)).subarray(0, RECORD_BYTES_KEPT),
  };
}
