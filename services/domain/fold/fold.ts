/**
 * The fold: `fold(state, record) -> outputs` over a batch of one partition. No clock, no randomness, no I/O: what comes out is
 * a function of the log, whatever the batches and restarts were. `scoredAtMs` is only passed on into what says when.
 */
import {
  type AuthorityProblem,
  BROADCAST_TYPES,
  CATEGORY_INDEX,
  ORIGIN,
  type RecordType,
  type RejectReason,
} from '../../../schemas/codes.ts';
import { Admission, type SignedRecord } from '../authority/admission.ts';
import { type Authority, authorityMark, isSignedType } from '../authority/authority.ts';
import { sipAbsorb, sipAbsorbAscii, sipFinish } from '../state/half-sip-hash.ts';
import { SourceHashes } from '../duplicates/source-hashes.ts';
import { partitionOf } from '../partitioning/murmur2.ts';
import { putInForce } from '../program/declaration.ts';
import { type Encoding, encodingOf } from '../record/json.ts';
import { parseRecord } from '../record/parse.ts';
import { type Access, type AccessRecord, type AccessTexts, type Attributes, type ParsedRecord, TEXT } from '../record/record.ts';
import type { ResultRow } from '../results/row.ts';
import { RowWriter } from '../results/row-writer.ts';
import { StoredUsers } from '../results/stored-users.ts';
import type { ProgramState } from '../state/program-table.ts';
import type { UserWords } from '../state/user-hash.ts';
import { Findings } from '../verdict/findings.ts';
import { BatchOutcome } from './batch-outcome.ts';
import type { FoldInput } from './fold-input.ts';
import { type Circumstances, judge } from './judge.ts';
import { PartitionState } from './partition-state.ts';
import { Place } from './place.ts';

/** The event time of what a host sends is taken as at most so far ahead of its append time, and behind it (contracts.md section 1). */
const AHEAD_MAX_US = 60 * 1_000_000;
export const BEHIND_MAX_US = 7 * 86_400 * 1_000_000;
/** A block that has so many bytes takes no more records; the rest of the batch goes into another one. */
const BLOCK_BYTES_ENOUGH = 2.5 * 1024 * 1024;
/** Nor does it take a record whose row might bring it beyond this: what a record of the log may have, 4 MiB, less a header without its lists. */
const BLOCK_BYTES_MAX = 4 * 1024 * 1024 - 64 * 1024;
/** Of a row, without the strings of its record and the names of its declaration and limit: numbers, codes and evidence. */
const ROW_BYTES_MORE = 8 * 1024;
/** Limit keys looked at for freeing, for each record folded. */
const SWEEP_SLOTS_PER_RECORD = 2;

/** How a user of this name would be stored marks the user key: it is another one under another key, and does not give the key away. */
const USERS_PROBE = 'ntk';

const BROADCASTS: ReadonlySet<string> = new Set<RecordType>(BROADCAST_TYPES);

export interface FoldOptions {
  readonly logId: string;
  readonly partition: number;
  readonly partitions: number;
  /** What the column `user` holds for a user id: a keyed hash, or the id itself. */
  readonly storedUser: (user: string) => string;
  /** Whose facts of authority count. Another one makes other verdicts. */
  readonly authority: Authority;
  /** How records are read. Whoever proves what was judged takes the other way than whoever judged. @default parseRecord */
  readonly parse?: typeof parseRecord;
  /** Remembered ids; the contract's number unless a test says otherwise. */
  readonly windowCapacity?: number;
}

export class PartitionFold {
  readonly state: PartitionState;
  /** The mark of whose facts of authority count; blocks and checkpoints carry it. */
  readonly authorityMark: string;
  /** The mark of how users are stored; checkpoints carry it, because under another key each user would be another one. */
  readonly usersMark: string;
  /** Null: whoever can append is trusted, and nothing is asked. */
  readonly #admission: Admission | null;
  readonly #parse: typeof parseRecord;
  readonly #storedUser: (user: string) => string;
  readonly #storedUsers: StoredUsers;
  readonly #place = new Place();
  readonly #findings = new Findings();
  readonly #rows = new RowWriter();
  readonly #sources: SourceHashes;
  readonly #hash = new Uint32Array(4);

  constructor(options: FoldOptions) {
    this.state = new PartitionState(options.logId, options.partition, options.partitions, options.windowCapacity);
    this.#sources = new SourceHashes(this.state.duplicateKey);
    this.#parse = options.parse ?? parseRecord;
    this.#storedUser = options.storedUser;
    this.#storedUsers = new StoredUsers(options.storedUser);
    this.usersMark = options.storedUser(USERS_PROBE);
    const { authority, logId } = options;
    this.authorityMark = authorityMark(authority);
    this.#admission = authority.mode === 'open' ? null : new Admission(logId, this.state.keys, authority.roots);
  }

  /**
   * Folds the records of a batch from the state's position on (earlier ones are dropped: they were folded before). When the rows
   * become too many for one block it ends early: go on with the same batch until the position is its `nextOffset`.
   * `onAccess` sees each judged access while its findings are still there.
   */
  fold(input: FoldInput, scoredAtMs: number, onAccess?: (row: ResultRow) => void): BatchOutcome {
    const folding = this.folding(input, scoredAtMs, Number.POSITIVE_INFINITY, onAccess).next();
    if (folding.done === true) return folding.value;
    throw new Error('a fold without slices ends at once');
  }

  /**
   * As {@link fold}, with a pause after each `recordsMax` records in which whoever shares the process may have its turn. The state is
   * that of before or of after the whole; in between it belongs to this alone.
   */
  *folding(
    input: FoldInput,
    scoredAtMs: number,
    recordsMax: number,
    onAccess?: (row: ResultRow) => void,
  ): Generator<undefined, BatchOutcome> {
    const outcome = new BatchOutcome(this.state, this.authorityMark, scoredAtMs, this.#rows, onAccess);
    const encoding = encodingOf(input.bytes.subarray(0, input.starts[input.count]));
    let at = 0;
    while (at < input.count && input.offsets[at]! < this.state.position) at++;
    for (;;) {
      at = this.#foldSome(input, at, encoding, outcome, recordsMax);
      if (at >= input.count || this.#isFull(outcome, input, at)) break;
      yield;
    }
    this.state.position = Math.max(this.state.position, at < input.count ? input.offsets[at]! : input.nextOffset);
    if (this.state.isLiveLog) this.state.limits.sweep(this.#absentBeforeUs(), outcome.records * SWEEP_SLOTS_PER_RECORD);
    outcome.close(this.state);
    return outcome;
  }

  /** Up to `recordsMax` records from the `at`-th on, or until the rows are too many; answers where to go on. */
  #foldSome(input: FoldInput, at: number, encoding: Encoding, outcome: BatchOutcome, recordsMax: number): number {
    const end = Math.min(input.count, at + recordsMax);
    for (let i = at; i < end; i++) {
      if (this.#isFull(outcome, input, i)) return i;
      outcome.records++;
      this.#foldOne(input, i, encoding, outcome);
    }
    return end;
  }

  /** Whether the `at`-th record has to wait for the next block: a row has a record's strings and names of its program's declaration and of a limit. */
  #isFull(outcome: BatchOutcome, input: FoldInput, at: number): boolean {
    const { bytes } = outcome;
    if (bytes === 0) return false;
    const { programs, policy } = this.state;
    const recordBytes = input.starts[at + 1]! - input.starts[at]!;
    const rowBytes = recordBytes + programs.longestNames + policy.longestLimitName + ROW_BYTES_MORE;
    return bytes > BLOCK_BYTES_ENOUGH || bytes + rowBytes > BLOCK_BYTES_MAX;
  }

  #foldOne(input: FoldInput, i: number, encoding: Encoding, outcome: BatchOutcome): void {
    const place = this.#place;
    place.goTo(input, i);
    this.#see(place, outcome);
    const record = this.#parse(input.bytes, input.starts[i]!, input.starts[i + 1]!, encoding);
    if (record.type === 'reject') this.#reject(record.reason, record.broadcast, place, outcome);
    else this.#accept(record, place, outcome);
  }

  /** What counts of a record whatever becomes of it: when and how it came in. */
  #see({ appendedAtMs, origin }: Place, outcome: BatchOutcome): void {
    const { state } = this;
    if (appendedAtMs > state.maxAppendedAtMs) state.maxAppendedAtMs = appendedAtMs;
    if (origin === ORIGIN.live || origin === ORIGIN.imported) {
      state.isLiveLog = true;
      outcome.liveRecords++;
    }
    if (origin === ORIGIN.live) outcome.arrived(appendedAtMs);
  }

  #absentBeforeUs(): number {
    return this.state.maxAppendedAtMs * 1000 - BEHIND_MAX_US - AHEAD_MAX_US;
  }

  /** Copies of a broadcast are one record: partition 0 counts it, the others only that there was a copy. */
  #isCopy(broadcast: boolean, place: Place): boolean {
    return place.origin === ORIGIN.system || (broadcast && this.state.partition !== 0);
  }

  #reject(reason: RejectReason, broadcast: boolean, place: Place, outcome: BatchOutcome): void {
    if (this.#isCopy(broadcast, place)) outcome.copies++;
    else {
      outcome.reject(reason, place.offset, place.raw());
      // A broadcast that is JSON and has its attributes but no sound data is nearly always a policy.
      if (broadcast && reason === 'invalid_data') outcome.policiesRejected++;
    }
  }

  #accept(record: ParsedRecord, place: Place, outcome: BatchOutcome): void {
    const { attributes, type } = record;
    const broadcast = BROADCASTS.has(type);
    const { state } = this;
    // Whoever is in the table was found to belong here.
    let program = state.programs.find(attributes.subject);
    if ((program === undefined || type === 'ntk.heartbeat') && !broadcast && !this.#belongsHere(record)) {
      this.#reject('wrong_partition', false, place, outcome);
      return;
    }
    const signed = this.#admission === null || !isSigned(record) ? null : record;
    // Before the program is remembered: what nobody signed may leave nothing behind.
    const forged = signed === null ? null : this.#admission!.signatureProblem(signed.type, place.raw());
    if (forged !== null) {
      this.#refuse(forged, record, place, outcome);
      return;
    }
    program ??= state.programs.of(attributes.subject);
    this.#hashOf(program, attributes, record.type === 'ntk.access' ? record.texts : null);
    const isCopy = this.#isCopy(broadcast, place);
    if (state.window.has(this.#hash)) {
      if (isCopy) outcome.copies++;
      else outcome.duplicates++;
      return;
    }
    const untimely = signed === null ? null : this.#admission!.timeProblem(signed, program, place);
    if (untimely !== null) {
      this.#refuse(untimely, record, place, outcome);
      return;
    }
    state.window.add(this.#hash, place.appendedAtMs);
    // History and the house's own heartbeats are no sign of a host, and who publishes policies may be silent for a year.
    if (!broadcast && (place.origin === ORIGIN.live || place.origin === ORIGIN.imported))
      outcome.tally.sourceSeen(attributes.source, place.appendedAtMs);
    if (record.type === 'ntk.access') {
      this.#access(record, program, place, outcome);
      return;
    }
    if (isCopy) outcome.copies++;
    else if (type === 'ntk.heartbeat') outcome.heartbeat(attributes);
    else outcome.fact(type);
    this.#apply(record, program, place, outcome);
    if (signed !== null) this.#admission!.applied(signed, program, state.programs);
  }

  #refuse(why: AuthorityProblem, { type }: ParsedRecord, place: Place, outcome: BatchOutcome): void {
    if (type === 'ntk.policy') outcome.policiesRejected++;
    outcome.unauthorised(why, this.#isCopy(BROADCASTS.has(type), place), place.offset, place.raw());
  }

  #belongsHere(record: ParsedRecord): boolean {
    const { partition, partitions } = this.state;
    if (record.type === 'ntk.heartbeat') return record.data.partition === null || record.data.partition === partition;
    return partitionOf(record.attributes.subject, partitions) === partition;
  }

  /** Keyed hash of (subject, source, id) into `#hash`. */
  #hashOf(program: ProgramState, attributes: Attributes, texts: AccessTexts | null): void {
    const state = this.#sources.of(program, attributes.source);
    if (texts === null) sipAbsorb(state, attributes.id, state);
    else sipAbsorbAscii(state, texts.bytes, texts.places[2 * TEXT.id]!, texts.places[2 * TEXT.id + 1]!, state);
    sipFinish(state, this.#hash);
  }

  #access({ attributes, data: access, texts }: AccessRecord, program: ProgramState, place: Place, outcome: BatchOutcome): void {
    const userWords = this.#userWords(access, texts);
    const circumstances = this.#circumstances(attributes.timeUs, place, userWords);
    const judgement = judge(access, program, this.state, circumstances, this.#findings, outcome.tally);
    this.state.active.accessed(program, circumstances.eventTimeUs / 1000);
    this.#storedUsers.find(access, userWords);
    outcome.access({
      offset: place.offset,
      appendedAtMs: place.appendedAtMs,
      attributes,
      texts,
      user: this.#storedUsers,
      judgement,
    });
  }

  #userWords(access: Access, texts: AccessTexts | null): UserWords {
    const { userHash } = this.state;
    if (texts === null) return userHash.of(access.user);
    return userHash.ofAscii(texts.bytes, texts.places[2 * TEXT.user]!, texts.places[2 * TEXT.user + 1]!);
  }

  /** Event time of contracts.md section 1: within the bounds for what did not come in through `ntk run`. */
  #circumstances(timeUs: number, { appendedAtMs, origin }: Place, userWords: UserWords): Circumstances {
    const isImported = origin === ORIGIN.imported;
    const isLive = origin === ORIGIN.live;
    const absentBeforeUs = this.state.isLiveLog ? this.#absentBeforeUs() : Number.NEGATIVE_INFINITY;
    if (!isImported && !isLive) return { eventTimeUs: timeUs, isSkewed: false, isImported, isLive, absentBeforeUs, userWords };
    const appendedUs = appendedAtMs * 1000;
    const eventTimeUs = Math.max(Math.min(timeUs, appendedUs + AHEAD_MAX_US), appendedUs - BEHIND_MAX_US, 0);
    return { eventTimeUs, isSkewed: eventTimeUs !== timeUs, isImported, isLive, absentBeforeUs, userWords };
  }

  /** The event time of a fact, within the bounds of accesses. */
  #factTimeUs(timeUs: number, place: Place): number {
    return this.#circumstances(timeUs, place, this.state.userHash.words).eventTimeUs;
  }

  /** A fact takes effect at its place in the log, whatever its time. */
  #apply(record: ParsedRecord, program: ProgramState, place: Place, outcome: BatchOutcome): void {
    const { state } = this;
    switch (record.type) {
      case 'ntk.declaration':
        if (program.declaration !== null && record.data.version <= program.declaration.version) {
          outcome.staleFacts++;
          break;
        }
        state.programs.touch(program);
        const timeUs = this.#factTimeUs(record.attributes.timeUs, place);
        state.programs.declare(program, putInForce(record.data, program.declaration, timeUs, state.programs.scopes));
        state.baselines.declared(program);
        break;
      case 'ntk.entitlement':
        if (!CATEGORY_INDEX.has(record.data.category)) break;
        state.programs.touch(program);
        program.entitlements ??= new Map();
        if (record.data.granted) program.entitlements.set(record.data.category, record.data.untilUs);
        else program.entitlements.delete(record.data.category);
        break;
      case 'ntk.standing':
        state.programs.touch(program);
        program.standing = { state: record.data.state, untilUs: record.data.untilUs };
        break;
      case 'ntk.consent':
        state.consents.give(program, record.data);
        break;
      case 'ntk.policy':
        state.policy = record.data;
        break;
      case 'ntk.erasure':
        state.consents.erase(state.programs, record.data.user);
        outcome.erase(place.offset, this.#storedUser(record.data.user));
        break;
      case 'ntk.review':
        outcome.tally.reviewed(record.data.disposition);
        break;
      case 'ntk.prior':
        outcome.tally.priorsIgnored += record.data === null ? 1 : state.baselines.takePrior(record.data);
        break;
      case 'ntk.access':
      case 'ntk.heartbeat':
      case 'ntk.key': // Where signatures are asked for, see Admission; in an open log a key has no effect.
        break;
    }
  }
}

function isSigned(record: ParsedRecord): record is SignedRecord {
  return isSignedType(record.type);
}
