/**
 * Reading and writing checkpoints of one partition: complete or not there, paced, older ones thinned out to one a day. Nothing is
 * restored from before the newest accepted gap, whose end has a checkpoint that is kept (docs/gaps.md). A checkpoint that another engine or
 * authority went on from is kept, too: what it judged can be folded again, and proved, from nowhere earlier.
 */
import { createHash } from 'node:crypto';
import { ENGINE_VERSION } from '../domain/engine.ts';
import type { PartitionFold } from '../domain/fold/fold.ts';
import { PAGE_KINDS, type PageKind, pagesByKind, type PartitionState } from '../domain/fold/partition-state.ts';
import { type Packing, zstdPacked, zstdUnpacked } from '../platform/compression/one-shot.ts';
import type { EventLog, Put } from '../platform/log/event-log.ts';
import { CATALOGUE_HASH } from '../../schemas/catalogue/index.ts';
import type { BlockHeader } from '../../schemas/results/block.ts';
import {
  chunkKeysOf,
  decodeManifest,
  encodeManifest,
  keysOf,
  type Manifest,
  MANIFEST_PREFIX,
  manifestKey,
  pageKey,
  type StoredPage,
} from './manifest.ts';

/** A stored value may have this many bytes (architecture.md); larger pages are cut in chunks. */
const CHUNK_BYTES_MAX = 256 * 1024;
/** A page holds some hundred entries whose names have at most 1 MiB each. */
const PAGE_BYTES_MAX = 1024 * 1024 * 1024;
const DAY_MS = 86_400_000;
const ZSTD_CHUNK_BYTES_MIN = 1024;
const STREAM = 'checkpoints';

function sumOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

function unpacked(chunks: readonly Buffer[], { sum }: StoredPage): Buffer | null {
  try {
    const { bytes } = zstdUnpacked(Buffer.concat(chunks), { maxOutputLength: PAGE_BYTES_MAX });
    return sumOf(bytes) === sum ? bytes : null;
  } catch {
    return null;
  }
}

/** A checkpoint that was begun: what its manifest says of its place. */
type UnderWay = Pick<Manifest, 'offset' | 'rowsHash' | 'entryHash'>;

export class CheckpointStore {
  readonly #log: EventLog;
  readonly #partition: number;
  /** Complete checkpoints that are still stored, ascending. */
  #manifests: Manifest[] = [];
  /** Offsets of checkpoints that could not be restored; they are as if they were not there and go with the next one. */
  readonly #damaged = new Set<number>();
  /** Where each page of the newest state is stored. */
  #pages: Record<PageKind, StoredPage[]> = pagesByKind<StoredPage>();
  /** End of the newest accepted gap; 0 without one. */
  #gapEnd = 0;
  #underWay: UnderWay | null = null;

  constructor(log: EventLog, partition: number) {
    this.#log = log;
    this.#partition = partition;
  }

  async open(): Promise<void> {
    this.#manifests = [];
    for await (const { value } of this.#log.readKeyed(STREAM, this.#partition, MANIFEST_PREFIX)) {
      const manifest = decodeManifest(value);
      if (manifest !== null) this.#manifests.push(manifest);
    }
    this.#manifests.sort((a, b) => a.offset - b.offset);
    this.#gapEnd = Math.max(0, ...this.#manifests.map(({ gapEnd }) => gapEnd));
  }

  get newest(): Manifest | null {
    return this.#manifests.at(-1) ?? null;
  }

  get isUnderWay(): boolean {
    return this.#underWay !== null;
  }

  /** A checkpoint stands at this offset and was not found damaged. */
  standsAt(offset: number): boolean {
    return this.newest?.offset === offset && !this.#damaged.has(offset);
  }

  /** Candidates to start from: at or before `position`, newest first, none before the newest gap. */
  candidates(position: number): Manifest[] {
    return this.#manifests.filter(({ offset, gapEnd }) => offset <= position && gapEnd === this.#gapEnd).reverse();
  }

  /** Fills `state` from a checkpoint. Answers false when a page is missing or damaged: `state` is then unusable. */
  async restore(manifest: Manifest, state: PartitionState): Promise<boolean> {
    const isSound = await this.#restore(manifest, state);
    if (!isSound) this.#damaged.add(manifest.offset);
    return isSound;
  }

  /** The state begins empty: none of its pages is stored yet. */
  restoreNothing(): void {
    this.#pages = pagesByKind<StoredPage>();
  }

  /** The head page of a checkpoint; null when it is missing or damaged. */
  async head(manifest: Manifest): Promise<Buffer | null> {
    const pages = await this.#readPages(manifest, ['head']);
    return pages?.head[0] ?? null;
  }

  async #restore(manifest: Manifest, state: PartitionState): Promise<boolean> {
    const pages = await this.#readPages(manifest, PAGE_KINDS);
    if (pages === null) return false;
    try {
      state.restore(pages);
    } catch {
      return false;
    }
    if (state.position !== manifest.offset) return false;
    this.#pages = structuredClone(manifest.pages);
    return true;
  }

  /** All pages of these kinds; null when one is missing or damaged. */
  async #readPages(manifest: Manifest, kinds: readonly PageKind[]): Promise<Record<PageKind, Buffer[]> | null> {
    const chunks = new Map<string, Buffer>();
    const keys = [...keysOf(manifest, kinds)];
    for await (const { key, value } of this.#log.getManyKeyed(STREAM, this.#partition, keys)) chunks.set(key, value);
    if (chunks.size < keys.length) return null;
    const pages = pagesByKind<Buffer>();
    for (const kind of kinds) {
      for (const [page, stored] of manifest.pages[kind].entries()) {
        const bytes = unpacked(
          [...chunkKeysOf(kind, page, stored)].map((key) => chunks.get(key)!),
          stored,
        );
        if (bytes === null) return null;
        pages[kind].push(bytes);
      }
    }
    return pages;
  }

  /**
   * The state of a checkpoint that another engine, catalogue or authority left, as that of the given one from here on: what is
   * judged next may have to be folded again from it.
   */
  adopt(manifest: Manifest, maker: Pick<Manifest, 'engine' | 'catalogueHash' | 'authority'>): Put {
    const adopted = { ...manifest, ...maker, isTakenOver: true };
    this.#manifests = this.#manifests.map((one) => (one === manifest ? adopted : one));
    return this.#put(manifestKey(manifest.offset), encodeManifest(adopted));
  }

  /** Begins a checkpoint of the fold as it is now; {@link pages} gives what to store of it. */
  begin(fold: PartitionFold, entryHash: string): void {
    const { state } = fold;
    state.beginCheckpoint();
    this.#underWay = { offset: state.position, rowsHash: state.chain.hash, entryHash };
  }

  /** Begins the checkpoint at the end of a gap, whose entry goes into the log with it. */
  beginBehindGap(fold: PartitionFold, { next, entryHash }: BlockHeader): void {
    this.#gapEnd = next;
    this.begin(fold, entryHash);
  }

  /** Pages to store now, while `mayGoOn` says so behind each; at least one. When none is left {@link finish} comes next. */
  pages(fold: PartitionFold, mayGoOn: () => boolean): { readonly puts: Put[]; readonly isNoneLeft: boolean } {
    const puts: Put[] = [];
    const { offset } = this.#current();
    do {
      const next = fold.state.nextPage();
      if (next === null) return { puts, isNoneLeft: true };
      puts.push(...this.#storePage(next.kind, next.page, next.bytes, offset));
    } while (mayGoOn());
    return { puts, isNoneLeft: false };
  }

  /**
   * The manifest, once all pages are stored or go with it, and the removal of what no kept checkpoint needs any more. Call {@link committed} when it
   * is in the log.
   */
  finish(fold: PartitionFold, nowMs: number, logStart: number): Put[] {
    const manifest: Manifest = {
      engine: ENGINE_VERSION,
      catalogueHash: CATALOGUE_HASH,
      authority: fold.authorityMark,
      users: fold.usersMark,
      ...this.#current(),
      writtenAtMs: nowMs,
      gapEnd: this.#gapEnd,
      isTakenOver: false,
      pages: structuredClone(this.#pages),
    };
    return [this.#put(manifestKey(manifest.offset), encodeManifest(manifest)), ...this.#removals(manifest, logStart)];
  }

  #current(): UnderWay {
    if (this.#underWay === null) throw new Error('no checkpoint is under way');
    return this.#underWay;
  }

  #put(key: string, value: Buffer | null): Put {
    return { stream: STREAM, partition: this.#partition, key, value };
  }

  #storePage(kind: PageKind, page: number, bytes: Buffer, version: number): Put[] {
    const packed = zstdPacked(bytes, packing(bytes.length));
    const chunks = Math.max(1, Math.ceil(packed.length / CHUNK_BYTES_MAX));
    this.#pages[kind][page] = { version, chunks, sum: sumOf(bytes) };
    return Array.from({ length: chunks }, (_, chunk) =>
      this.#put(pageKey(kind, page, version, chunk), packed.subarray(chunk * CHUNK_BYTES_MAX, (chunk + 1) * CHUNK_BYTES_MAX)),
    );
  }

  /** Kept are the newest, the last of each day, those taken over, and the one at the end of the newest gap, as far as the log reaches back to them. */
  #removals(newest: Manifest, logStart: number): Put[] {
    const dayOf = (manifest: Manifest): number => Math.floor(manifest.writtenAtMs / DAY_MS);
    // One that was damaged is never kept, not even to reach back to: its pages are not to be relied on.
    const sound = this.#manifests.filter(({ offset }) => offset !== newest.offset && !this.#damaged.has(offset));
    const kept = sound.filter((manifest, i) => {
      const next = sound[i + 1] ?? newest;
      const isBehindGap = this.#gapEnd > 0 && manifest.offset === this.#gapEnd && manifest.gapEnd === this.#gapEnd;
      const isTakenOver = manifest.isTakenOver && manifest.gapEnd === this.#gapEnd;
      return manifest.offset >= logStart && (dayOf(next) !== dayOf(manifest) || isBehindGap || isTakenOver);
    });
    const needed = new Set<string>(keysOf(newest));
    for (const manifest of kept) for (const key of keysOf(manifest)) needed.add(key);
    const removals = new Set<string>();
    for (const manifest of this.#manifests) {
      if (kept.includes(manifest)) continue;
      // A damaged one may have stood where the newest stands now.
      if (manifest.offset !== newest.offset) removals.add(manifestKey(manifest.offset));
      for (const key of keysOf(manifest)) if (!needed.has(key)) removals.add(key);
    }
    this.#manifests = [...kept, newest];
    this.#damaged.clear();
    return [...removals].map((key) => this.#put(key, null));
  }

  /** The manifest is in the log. */
  committed(): void {
    this.#underWay = null;
  }
}

/** Output comes in pieces of half the input: one is enough in most cases, and none is much memory for nothing. */
function packing(bytes: number): Packing {
  return { chunkSize: Math.max(ZSTD_CHUNK_BYTES_MIN, Math.ceil(bytes / 2)) };
}
