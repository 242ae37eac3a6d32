/** All that the fold remembers of one partition, and how it lies in pages. */
import { BASELINE_PAGE_KINDS, isBaselineKind, PartitionBaselines } from '../baselines/partition-baselines.ts';
import { DuplicateWindow } from '../duplicates/duplicate-window.ts';
import { sipKey, type SipKey } from '../state/half-sip-hash.ts';
import { compilePolicy, type CompiledPolicy } from '../policy/compiled.ts';
import { parsePolicyDocument } from '../policy/document.ts';
import { type ChainState, chainStart, RowChain } from '../results/row-chain.ts';
import { ActivePrograms } from '../state/active-programs.ts';
import { ByteReader, type ByteWriter, PageCorruptError } from '../state/bytes.ts';
import { ConsentTable } from '../state/consent-table.ts';
import { SigningKeys } from '../state/signing-keys.ts';
import { LimitTable } from '../state/limit-table.ts';
import { PageSet } from '../state/page-set.ts';
import { ProgramTable } from '../state/program-table.ts';
import { UserHash } from '../state/user-hash.ts';
import { createHash } from 'node:crypto';

/** Before the first policy of a log. Checked once: a partition that is taken begins with it, whatever it restores then. */
const NO_POLICY = policyFrom({ version: 'none' });

/** Page kinds in the order in which they are restored. `limits` are the keys of an earlier engine, by name: read, and never written. */
export const PAGE_KINDS = ['head', 'programs', 'consents', 'limits', 'limitKeys', 'window', ...BASELINE_PAGE_KINDS] as const;
export type PageKind = (typeof PAGE_KINDS)[number];

/** A list for each kind of pages. */
export function pagesByKind<Page>(): Record<PageKind, Page[]> {
  return Object.fromEntries(PAGE_KINDS.map((kind) => [kind, [] as Page[]])) as Record<PageKind, Page[]>;
}

/** Kinds of state that grow with traffic. (Remembered ids have a fixed window.) */
export type StateKind = 'programs' | 'consents' | 'limitKeys' | 'baselineKeys';

export class PartitionState {
  readonly logId: string;
  readonly partition: number;
  readonly partitions: number;
  policy: CompiledPolicy;
  readonly programs = new ProgramTable();
  readonly consents = new ConsentTable();
  readonly limits: LimitTable;
  readonly baselines: PartitionBaselines;
  /** Whose signatures count, where signatures are asked for. */
  readonly keys = new SigningKeys();
  readonly window: DuplicateWindow;
  readonly duplicateKey: SipKey;
  /** Of users, for limits and baselines. */
  readonly userHash: UserHash;
  /** For metrics; in no checkpoint. */
  readonly active = new ActivePrograms();
  chain: RowChain;
  /** Next offset to fold. */
  position = 0;
  /** A record has come in otherwise than by `ntk run`; from then on limit keys age. */
  isLiveLog = false;
  /** Largest append time seen, milliseconds since 1970. */
  maxAppendedAtMs = 0;
  /** The head changes with every record and is small: its page is always part of a checkpoint. */
  readonly #head = new PageSet((_, out) => this.#encodeHead(out));
  readonly #limitsByName = new PageSet(() => {});

  constructor(logId: string, partition: number, partitions: number, windowCapacity?: number) {
    this.logId = logId;
    this.partition = partition;
    this.partitions = partitions;
    this.policy = NO_POLICY;
    this.window = new DuplicateWindow(windowCapacity);
    // Known to whoever has the log, unknown to who writes events into it.
    this.duplicateKey = sipKey(createHash('sha256').update(`ntk duplicates ${logId} ${partition}`).digest());
    this.userHash = new UserHash(this.duplicateKey);
    this.limits = new LimitTable(this.duplicateKey);
    this.baselines = new PartitionBaselines(partitions === 1);
    this.chain = new RowChain(chainStart(logId, partition));
  }

  /** False until the first policy: then nothing is found. */
  get hasPolicy(): boolean {
    return this.policy.hash !== NO_POLICY.hash;
  }

  /** What is held, by kind; each has a limit that the configuration states. */
  counts(): Readonly<Record<StateKind, number>> {
    return {
      programs: this.programs.count,
      consents: this.consents.count,
      limitKeys: this.limits.count,
      baselineKeys: this.baselines.count,
    };
  }

  pageSet(kind: PageKind): PageSet {
    if (isBaselineKind(kind)) return this.baselines.pageSet(kind);
    switch (kind) {
      case 'head':
        return this.#head;
      case 'limits':
        return this.#limitsByName;
      case 'limitKeys':
        return this.limits.pages;
      default:
        return this[kind].pages;
    }
  }

  /** Begins a checkpoint of the state as it is now. Pages are then taken with {@link nextPage}. */
  beginCheckpoint(): void {
    this.#head.touch(0);
    for (const kind of PAGE_KINDS) this.pageSet(kind).begin();
    // The head has no hook that tells of changes: its picture is taken at once.
    this.#head.touch(0);
  }

  /** The next page of the checkpoint under way, or null when it is complete. */
  nextPage(): { readonly kind: PageKind; readonly page: number; readonly bytes: Buffer } | null {
    for (const kind of PAGE_KINDS) {
      const next = this.pageSet(kind).next();
      if (next !== null) return { kind, ...next };
    }
    return null;
  }

  /**
   * Takes up the pages of a checkpoint: by kind, in ascending order.
   * @throws PageCorruptError when they are not what was written
   */
  restore(pages: Readonly<Record<PageKind, readonly Buffer[]>>): void {
    const head = pages.head[0];
    if (head === undefined) throw new PageCorruptError('a checkpoint has no head page');
    const windowTotal = this.restoreHead(head);
    for (const bytes of pages.programs) this.programs.restore(new ByteReader(bytes));
    for (const bytes of pages.consents) this.consents.restore(new ByteReader(bytes), this.programs);
    // Keys by name are older than any by number: a checkpoint that goes on from an earlier engine's may have both.
    for (const bytes of pages.limitKeys.length === 0 ? pages.limits : [])
      this.limits.restoreNamed(new ByteReader(bytes), this.programs, (user) => this.userHash.of(user));
    for (const bytes of pages.limitKeys) this.limits.restore(new ByteReader(bytes), this.programs);
    pages.window.forEach((bytes, page) => this.window.restore(new ByteReader(bytes), page));
    this.window.restored(windowTotal);
    this.baselines.restore(pages, this.programs);
    for (const kind of PAGE_KINDS) if (kind !== 'limits') this.pageSet(kind).restored(pages[kind].length);
  }

  #encodeHead(out: ByteWriter): void {
    const { link, group, pending } = this.chain.state;
    out.varint(this.position);
    out.varint(this.isLiveLog ? 1 : 0);
    out.varint(this.maxAppendedAtMs);
    out.varint(this.window.total);
    out.bytes(link);
    out.varint(group + 1);
    out.bytes(pending);
    out.string(JSON.stringify(this.policy.document));
    if (!this.keys.isEmpty) this.keys.write(out);
  }

  /**
   * Takes up the head alone: position, policy, keys. Answers how many records the window had remembered.
   * @throws PageCorruptError when it is not what was written
   */
  restoreHead(head: Buffer): number {
    const reader = new ByteReader(head);
    this.position = reader.varint();
    this.isLiveLog = reader.varint() === 1;
    this.maxAppendedAtMs = reader.varint();
    const windowTotal = reader.varint();
    const link = reader.bytes();
    const group = reader.varint() - 1;
    const chain: ChainState = { link, group, pending: reader.bytes() };
    this.chain = new RowChain(chain);
    this.policy = policyFrom(JSON.parse(reader.string()));
    if (!reader.done) this.keys.restore(reader);
    return windowTotal;
  }
}

function policyFrom(document: unknown): CompiledPolicy {
  const parsed = parsePolicyDocument(document);
  if (!parsed.ok) throw new PageCorruptError('a checkpoint holds a policy that does not check');
  return compilePolicy(parsed.policy, parsed.hash, parsed.document);
}
