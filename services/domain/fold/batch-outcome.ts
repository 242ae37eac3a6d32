/** What folding one batch gives: rows and the ledger entry, verdicts for hosts, rejects, and counts for metrics. */
import { createHash } from 'node:crypto';
import {
  ACTIONS,
  type AuthorityProblem,
  OUTCOMES,
  RECORD_BYTES_MAX,
  type RecordType,
  type RejectReason,
  TIMINGS,
} from '../../../schemas/codes.ts';
import { CATALOGUE_HASH } from '../../../schemas/catalogue/index.ts';
import type { BlockHeader, LedgerFigures } from '../../../schemas/results/block.ts';
import type { News } from '../../../schemas/results/news.ts';
import { ENGINE_VERSION } from '../engine.ts';
import type { Attributes } from '../record/record.ts';
import { entryHash } from '../results/block.ts';
import { type ResultRow, writeRow } from '../results/row.ts';
import type { RowWriter } from '../results/row-writer.ts';
import type { Judgement } from '../verdict/judgement.ts';
import { isPublished, publishedVerdict } from '../verdict/published.ts';
import type { PartitionState } from './partition-state.ts';
import { Tally } from './tally.ts';

const INTERCEPT = ACTIONS.indexOf('intercept');
/** `pending` is prevented, `refused` already refused, `performed` late. */
const TIMING_OF_OUTCOME = { pending: 0, refused: 1, performed: 2 } as const satisfies Record<(typeof OUTCOMES)[number], number>;

/** Bytes of one entry of a header's lists, in JSON: `[1800000000000,12],` and `{"offset":123456789,"user":},` without the user. */
const ARRIVAL_BYTES = 24;
const ERASURE_BYTES = 48;
/** News has up to 1.3 MiB (developers' names of 200 characters that JSON escapes): behind more of a block than this it waits for the next one. */
const NEWS_BYTES_BEFORE = 2.6 * 1024 * 1024;

export class BatchOutcome {
  readonly first: number;
  readonly scoredAtMs: number;
  /** Valid until the next batch of the same fold. */
  readonly rows: RowWriter;
  readonly rowOffsets: number[] = [];
  /** End of each row in `rows`. */
  readonly rowEnds: number[] = [];
  /** JSON records for `ntk.verdicts.v1`, in the order of the log. */
  readonly verdicts: string[] = [];
  /** The program of each of them; a heartbeat's answer has none. */
  readonly verdictPrograms: (string | null)[] = [];
  /** JSON records for `ntk.rejects.v1`. */
  readonly rejected: string[] = [];
  readonly erasures: { readonly offset: number; readonly user: string }[] = [];
  readonly tally = new Tally();
  readonly facts: Partial<Record<RecordType, number>> = {};
  readonly rejects: Partial<Record<RejectReason, number>> = {};
  staleFacts = 0;
  duplicates = 0;
  heartbeats = 0;
  /** Copies of broadcasts beside the one that counts. */
  copies = 0;
  /** Unauthorised copies of broadcasts; the ledger has them as copies, but whoever tries it on one partition must be seen. */
  unauthorisedCopies = 0;
  /** Policies that did not check. */
  policiesRejected = 0;
  /** Records that came in live or by an import into a live log. */
  liveRecords = 0;
  /** Records that a host sent, by when they arrived, milliseconds since 1970. */
  readonly liveArrivals = new Map<number, number>();
  /** Records folded, whatever became of them. */
  records = 0;
  next = 0;
  rowsHash = '';
  /** For other partitions. */
  #news: News | null = null;
  readonly #onAccess: ((row: ResultRow) => void) | undefined;
  readonly #decidedAt: string;
  readonly #logId: string;
  readonly #partition: number;
  readonly #authority: string;
  #erasureBytes = 0;
  #arrivalMs = Number.NaN;
  #arrivals = 0;
  #eventTimeMinMs: number | null = null;
  #eventTimeMaxMs: number | null = null;

  /**
   * `rows` is cleared: one writer serves all batches of a fold, because fresh memory for each costs a page fault a page.
   * @param authority the mark of whose facts of authority count
   */
  constructor(
    state: PartitionState,
    authority: string,
    scoredAtMs: number,
    rows: RowWriter,
    onAccess?: (row: ResultRow) => void,
  ) {
    this.#authority = authority;
    this.first = state.position;
    this.#logId = state.logId;
    this.#partition = state.partition;
    rows.clear();
    this.rows = rows;
    this.scoredAtMs = scoredAtMs;
    this.#decidedAt = new Date(scoredAtMs).toISOString();
    this.#onAccess = onAccess;
  }

  /** A record of a host arrived. Most arrive together with the one before, so a moment is put into the map when the next one begins. */
  arrived(atMs: number): void {
    if (atMs !== this.#arrivalMs) {
      this.#noteArrivals();
      this.#arrivalMs = atMs;
    }
    this.#arrivals++;
  }

  #noteArrivals(): void {
    const known = this.liveArrivals.get(this.#arrivalMs) ?? 0;
    if (this.#arrivals > 0) this.liveArrivals.set(this.#arrivalMs, known + this.#arrivals);
    this.#arrivals = 0;
  }

  /** Of the block: its rows and what its header lists, news aside. */
  get bytes(): number {
    return this.rows.length + this.liveArrivals.size * ARRIVAL_BYTES + this.#erasureBytes;
  }

  /** @param user as stored */
  erase(offset: number, user: string): void {
    this.erasures.push({ offset, user });
    this.#erasureBytes += ERASURE_BYTES + JSON.stringify(user).length;
  }

  fact(type: RecordType): void {
    this.facts[type] = (this.facts[type] ?? 0) + 1;
  }

  /** A heartbeat is answered where verdicts are and is never a row. */
  heartbeat({ id, source }: Attributes): void {
    this.heartbeats++;
    this.verdicts.push(JSON.stringify({ type: 'ntk.heartbeat', eventId: id, source, decidedAt: this.#decidedAt }));
    this.verdictPrograms.push(null);
  }

  reject(reason: RejectReason, offset: number, raw: Buffer): void {
    this.rejects[reason] = (this.rejects[reason] ?? 0) + 1;
    this.#tell(reason, offset, raw);
  }

  unauthorised(why: AuthorityProblem, isCopy: boolean, offset: number, raw: Buffer): void {
    if (isCopy) {
      this.copies++;
      this.unauthorisedCopies++;
    } else this.rejects.unauthorised = (this.rejects.unauthorised ?? 0) + 1;
    this.#tell('unauthorised', offset, raw, why);
  }

  #tell(reason: RejectReason, offset: number, raw: Buffer, why?: AuthorityProblem): void {
    this.rejected.push(
      JSON.stringify({
        partition: this.#partition,
        offset,
        reason,
        why,
        bytes: raw.length,
        sha256: createHash('sha256').update(raw).digest('hex'),
        truncated: raw.length > RECORD_BYTES_MAX,
        raw: raw.subarray(0, RECORD_BYTES_MAX).toString('base64'),
        rejectedAt: this.#decidedAt,
      }),
    );
  }

  access(row: ResultRow): void {
    const { judgement, attributes } = row;
    const { findings, subject, refusal } = judgement;
    const eventTimeMs = Math.floor(subject.eventTimeUs / 1000);
    if (this.#eventTimeMinMs === null || eventTimeMs < this.#eventTimeMinMs) this.#eventTimeMinMs = eventTimeMs;
    if (this.#eventTimeMaxMs === null || eventTimeMs > this.#eventTimeMaxMs) this.#eventTimeMaxMs = eventTimeMs;
    writeRow(this.rows, row);
    this.rowOffsets.push(row.offset);
    this.rowEnds.push(this.rows.length);
    if (isPublished(subject, findings)) {
      this.verdicts.push(
        publishedVerdict({ attributes, subject, findings, refusal, remedy: judgement.remedy, decidedAt: this.#decidedAt }),
      );
      this.verdictPrograms.push(attributes.subject);
    }
    this.#count(judgement, attributes.subject, eventTimeMs);
    this.#onAccess?.(row);
  }

  #count({ findings, subject }: Judgement, program: string, eventTimeMs: number): void {
    const { access } = subject;
    const { tally } = this;
    const category = subject.categoryIndex;
    const timing = TIMING_OF_OUTCOME[access.outcome];
    tally.accesses[category * OUTCOMES.length + OUTCOMES.indexOf(access.outcome)]!++;
    tally.verdicts[category * ACTIONS.length + findings.verdict]!++;
    if (findings.count === 0) return;
    const intercepted = findings.verdict === INTERCEPT;
    const wouldHave = !intercepted && findings.proposed === INTERCEPT;
    for (let i = 0; i < findings.count; i++) {
      const reason = findings.reasons[i]!;
      tally.findings[reason * ACTIONS.length + findings.actions[i]!]!++;
      if (findings.effective[i] === INTERCEPT) tally.intercepted(category, reason, timing);
      if (wouldHave && findings.actions[i] === INTERCEPT) tally.wouldHaveIntercepted(category, reason);
    }
    if (wouldHave) tally.wouldHave++;
    if (!intercepted) return;
    tally.attempts[category * TIMINGS.length + timing]!++;
    tally.interceptedPrograms.set(program, Math.max(eventTimeMs, tally.interceptedPrograms.get(program) ?? 0));
  }

  /** Milliseconds since 1970; null without an access. */
  get eventTimeMinMs(): number | null {
    return this.#eventTimeMinMs;
  }

  get eventTimeMaxMs(): number | null {
    return this.#eventTimeMaxMs;
  }

  /** Called by the fold when the batch is through. */
  close(state: PartitionState): void {
    this.#noteArrivals();
    this.next = state.position;
    this.#news = this.bytes > NEWS_BYTES_BEFORE ? null : state.baselines.takeNews();
    this.rowsHash = state.chain.extend(this.rows.written(), this.rowOffsets, this.rowEnds);
  }

  /** The block's header, chained to the entry before. */
  header(entryHashBefore: string, more: Pick<BlockHeader, 'remade'> = {}): BlockHeader {
    const figures: LedgerFigures = {
      ...more,
      logId: this.#logId,
      partition: this.#partition,
      first: this.first,
      next: this.next,
      engine: ENGINE_VERSION,
      catalogueHash: CATALOGUE_HASH,
      accesses: this.rowOffsets.length,
      facts: this.facts,
      staleFacts: this.staleFacts,
      duplicates: this.duplicates,
      rejects: this.rejects,
      heartbeats: this.heartbeats,
      policyCopies: this.copies,
      liveRecords: this.liveRecords,
      scoredAtMs: this.scoredAtMs,
      eventTimeMinMs: this.#eventTimeMinMs,
      eventTimeMaxMs: this.#eventTimeMaxMs,
      rowsHash: this.rowsHash,
    };
    return {
      ...figures,
      liveArrivals: [...this.liveArrivals],
      authority: this.#authority,
      erasures: this.erasures,
      ...(this.#news === null ? {} : { news: this.#news }),
      entryHash: entryHash(entryHashBefore, figures),
    };
  }
}
