/**
 * What a checkpoint is: a manifest that names the offset and, for each page of the state, which stored version belongs to it.
 * Pages are stored under `page/<kind>/<page>/<version>/<chunk>` where the version is the offset of the checkpoint that wrote them,
 * so an incremental checkpoint adds the pages that changed and an older manifest still finds its own.
 */
import { z } from 'zod';
import { OPEN_MARK } from '../domain/authority/authority.ts';
import { PAGE_KINDS, type PageKind } from '../domain/fold/partition-state.ts';

const storedPage = z.object({
  version: z.int().nonnegative(),
  chunks: z.int().positive(),
  /** First 16 hex digits of SHA-256 over the page. */
  sum: z.string().length(16),
});
export type StoredPage = z.infer<typeof storedPage>;

const manifest = z.object({
  engine: z.int(),
  catalogueHash: z.string(),
  /** See BlockHeader; absent in checkpoints from before there were signatures. */
  authority: z.string().default(OPEN_MARK),
  /** See PartitionFold; empty in checkpoints of earlier releases. */
  users: z.string().default(''),
  /** The state is that after folding everything below. */
  offset: z.int().nonnegative(),
  rowsHash: z.string(),
  entryHash: z.string(),
  writtenAtMs: z.int(),
  /** End of the newest accepted gap: folding again from before it would give another state (docs/gaps.md). 0 without one. */
  gapEnd: z.int().nonnegative().default(0),
  /** An earlier engine, catalogue or authority left it, and the one named here went on from it: nothing before it can be folded again. */
  isTakenOver: z.boolean().default(false),
  /** Kinds that an earlier engine did not have are empty. */
  pages: z
    .partialRecord(z.enum(PAGE_KINDS), z.array(storedPage))
    .transform(
      (pages) => Object.fromEntries(PAGE_KINDS.map((kind) => [kind, pages[kind] ?? []])) as Record<PageKind, StoredPage[]>,
    ),
});
export type Manifest = z.infer<typeof manifest>;

export const MANIFEST_PREFIX = 'manifest/';

/** Keys ascend with the offset. */
export function manifestKey(offset: number): string {
  return `${MANIFEST_PREFIX}${String(offset).padStart(16, '0')}`;
}

export function pageKey(kind: PageKind, page: number, version: number, chunk: number): string {
  return `page/${kind}/${page}/${version}/${chunk}`;
}

export function encodeManifest(value: Manifest): Buffer {
  return Buffer.from(JSON.stringify(value), 'utf8');
}

/** Null when the bytes are no manifest: it is then as if it were not there. */
export function decodeManifest(bytes: Buffer): Manifest | null {
  try {
    return manifest.parse(JSON.parse(bytes.toString('utf8')));
  } catch {
    return null;
  }
}

/** Keys of the chunks of a page, in their order. */
export function* chunkKeysOf(kind: PageKind, page: number, { version, chunks }: StoredPage): Iterable<string> {
  for (let chunk = 0; chunk < chunks; chunk++) yield pageKey(kind, page, version, chunk);
}

/** All keys of the pages that a manifest names, of these kinds. */
export function* keysOf(value: Manifest, kinds: readonly PageKind[] = PAGE_KINDS): Iterable<string> {
  for (const kind of kinds) for (const [page, stored] of value.pages[kind].entries()) yield* chunkKeysOf(kind, page, stored);
}
