/**
 * A slow and simple second opinion: what contracts.md and exact-rules.md say about a file of events that `ntk run` reads,
 * written from these two pages alone. No bounds of time, no rules for late records, no baselines. Property tests hold the
 * product's own fold against it.
 */
import { CATALOGUE } from '../../schemas/catalogue/index.ts';
import { CATEGORIES, DUPLICATE_WINDOW_RECORDS } from '../../schemas/codes.ts';
import type { Action, Category, Outcome, Reason, RecordType, RejectReason } from '../../schemas/codes.ts';
import { Authority } from './authority.ts';
import type { SignedJudging } from './authority.ts';
import { highest, weigh } from './actions.ts';
import { findingsOf } from './checks.ts';
import type { AccessInPlace, ProgramFacts } from './checks.ts';
import type { AccessData, ConsentData, DeclarationData, EntitlementData, StandingData } from './data-shapes.ts';
import { instantOf, toIsoMs } from './instants.ts';
import { askLimits } from './limits.ts';
import type { LimitState } from './limits.ts';
import { DuplicateWindow, partitionOf } from './partitions.ts';
import { policyFrom, policyFromYaml } from './policy-document.ts';
import type { Policy } from './policy-document.ts';
import { linesOf, readRecord } from './records.ts';
import type { LogRecord } from './records.ts';
import { reportOf } from './report.ts';
import type { Report } from './report.ts';

export interface JudgeInput {
  /** The file's bytes, or its records, already without line ends and blank lines. */
  readonly lines: Buffer | readonly Buffer[];
  /** Appended first, as `ntk run` does; without it `{version: none}` holds until the log brings a policy. */
  readonly policyYamlText?: string;
}
export interface JudgeOptions {
  readonly partitions: number;
  /** @default 262144 */
  readonly duplicateWindowRecords?: number;
  /** Of a log that asks for signatures. */
  readonly signed?: SignedJudging;
}
/** One access that is no duplicate. Names are those of the columns of `access_results`. */
export interface Verdict {
  /** Counts the file's records from 1. */
  readonly record: number;
  readonly partition: number;
  readonly event_id: string;
  readonly source: string;
  readonly program: string;
  readonly event_time: string;
  readonly micros: bigint;
  readonly verdict: Action;
  readonly proposed: Action;
  /** In the order of the checks. */
  readonly reasons: readonly Reason[];
  readonly effective: Readonly<Partial<Record<Reason, Action>>>;
  readonly limit: string;
  readonly retry_after_ms: number;
  /** All limits that refused, in file order, shadow limits too: what `ntk_limit_refusals_total` counts. */
  readonly refusing_limits: readonly { readonly limit: string; readonly shadow: boolean }[];
  readonly user: string;
  readonly category: Category;
  readonly outcome: Outcome;
  readonly class: string;
  readonly developer: string;
  readonly declaration_version: number;
  readonly policy_hash: string;
}
/** Counts over the whole file, whatever a report's `from` and `to`. */
export interface Quality {
  readonly recordsRead: number;
  readonly duplicates: number;
  readonly rejected: number;
  /** Records accepted, by type. */
  readonly accepted: Readonly<Partial<Record<RecordType, number>>>;
  readonly staleFacts: number;
}
export interface Judgement {
  readonly verdicts: readonly Verdict[];
  readonly rejects: readonly { readonly record: number; readonly reason: RejectReason }[];
  readonly quality: Quality;
  /** Over all times, every access counted, also those whose rows an erasure would remove. */
  readonly report: Report;
  /** The same without the rows of a user that stand before an erasure of that user. */
  readonly reportAfterErasures: Report;
}

interface ProgramState extends ProgramFacts {
  readonly limits: Map<string, LimitState>;
}
interface PartitionState {
  readonly window: DuplicateWindow;
  readonly programs: Map<string, ProgramState>;
  readonly authority: Authority | undefined;
  policy: Policy;
}

const NOT_ASKED = { refusal: undefined, refusing: [] };
const NO_POLICY = policyFrom({ version: 'none' });
const FIRST_MICROS = 0n;
const END_MICROS = instantOf('2254-12-31T23:59:59.999999Z')! + 1n;

const isKnownCategory = (name: string): name is Category => (CATEGORIES as readonly string[]).includes(name);

function categoryOf({ api, category }: AccessData): Category {
  if (category !== undefined) return isKnownCategory(category) ? category : 'unknown';
  return CATALOGUE.get(api) ?? 'unknown';
}

class Judge {
  readonly verdicts: Verdict[] = [];
  readonly erasedRows = new Set<Verdict>();
  staleFacts = 0;
  private consentOrder = 0;
  private readonly partitions: PartitionState[];

  constructor(policy: Policy, { partitions, duplicateWindowRecords = DUPLICATE_WINDOW_RECORDS, signed }: JudgeOptions) {
    this.partitions = Array.from({ length: partitions }, () => ({
      window: new DuplicateWindow(duplicateWindowRecords),
      programs: new Map(),
      authority: signed === undefined ? undefined : new Authority(signed),
      policy,
    }));
  }

  /** A duplicate is one wherever it belongs; what goes to every partition is unauthorised when it is in the first. */
  take(record: LogRecord, number: number): 'taken' | 'duplicate' | 'unauthorised' {
    const fates = this.destinationsOf(record).map((index) => this.takeAt(record, number, index));
    if (fates[0] === 'unauthorised') return 'unauthorised';
    return fates.includes('taken') ? 'taken' : 'duplicate';
  }

  private takeAt(record: LogRecord, number: number, index: number): 'taken' | 'duplicate' | 'unauthorised' {
    const { authority, window } = this.partitions[index]!;
    if (authority?.isSigned(record) === false) return 'unauthorised';
    if (window.has(record)) return 'duplicate';
    if (authority?.isInTime(record) === false) return 'unauthorised';
    window.accept(record);
    this.fold(record, number, index);
    return 'taken';
  }

  private destinationsOf({ type, subject, data }: LogRecord): number[] {
    const count = this.partitions.length;
    if (type === 'ntk.heartbeat') return [Number(data['partition'] ?? 0) % count];
    return subject === '*' ? [...this.partitions.keys()] : [partitionOf(subject, count)];
  }

  private fold(record: LogRecord, number: number, index: number): void {
    const partition = this.partitions[index]!;
    if (record.type === 'ntk.policy') partition.policy = policyFrom(record.rawData);
    if (record.type === 'ntk.erasure') this.erase(partition, index, record.data['user'] as string);
    if (record.subject === '*') return;
    const program = partition.programs.get(record.subject) ?? {
      firstAppeared: new Map(),
      entitlements: new Map(),
      consents: new Map(),
      limits: new Map(),
    };
    partition.programs.set(record.subject, program);
    if (record.type === 'ntk.access') this.verdicts.push(judgeAccess(record, number, index, program, partition.policy));
    else this.learn(record, program);
  }

  private learn({ type, data }: LogRecord, program: ProgramState): void {
    if (type === 'ntk.standing') program.standing = data as unknown as StandingData;
    if (type === 'ntk.declaration') this.learnDeclaration(data as unknown as DeclarationData, program);
    if (type === 'ntk.consent') this.learnConsent(data as unknown as ConsentData, program);
    if (type === 'ntk.entitlement') {
      const entitlement = data as unknown as EntitlementData;
      program.entitlements.set(entitlement.category, entitlement);
    }
  }

  private learnDeclaration(declaration: DeclarationData, program: ProgramState): void {
    if (program.declaration !== undefined && declaration.version <= program.declaration.version) {
      this.staleFacts += 1;
      return;
    }
    const listed = new Set(declaration.purposes.flatMap(({ categories }) => categories.map(({ category }) => category)));
    for (const before of program.firstAppeared.keys()) {
      if (!listed.has(before)) program.firstAppeared.delete(before);
    }
    for (const category of listed) {
      if (!program.firstAppeared.has(category)) program.firstAppeared.set(category, declaration.version);
    }
    program.declaration = declaration;
  }

  private learnConsent({ user, state, categories, basis, declarationVersion }: ConsentData, program: ProgramState): void {
    this.consentOrder += 1;
    const ofUser = program.consents.get(user) ?? new Map();
    program.consents.set(user, ofUser);
    for (const category of categories) {
      ofUser.set(category, {
        order: this.consentOrder,
        state,
        basis: basis ?? 'explicit',
        declarationVersion: declarationVersion ?? program.declaration?.version ?? 0,
      });
    }
  }

  private erase(partition: PartitionState, index: number, user: string): void {
    for (const program of partition.programs.values()) program.consents.delete(user);
    for (const verdict of this.verdicts) {
      if (verdict.partition === index && verdict.user === user) this.erasedRows.add(verdict);
    }
  }
}

function judgeAccess(record: LogRecord, number: number, partition: number, program: ProgramState, policy: Policy): Verdict {
  const data = record.data as unknown as AccessData;
  const access: AccessInPlace = { data, category: categoryOf(data), micros: record.micros };
  const { declaration } = program;
  // A class may be the empty string; that is a declaration that has none.
  const programClass = declaration === undefined ? 'undeclared' : declaration.class || 'unclassified';
  const offender = { program: record.subject, programClass, category: access.category };
  const findings = findingsOf(access, program, policy.document).map((reason) => weigh(policy.document, reason, offender));
  const isIntercepted = highest(findings.map(({ effective }) => effective)) === 'intercept';
  const asker = { program: record.subject, programClass, states: program.limits };
  const { refusal, refusing } = isIntercepted ? NOT_ASKED : askLimits(policy.document, access, asker);
  if (refusal !== undefined) findings.push(weigh(policy.document, 'rate_limited', offender, refusal.action));
  return {
    record: number,
    partition,
    event_id: record.id,
    source: record.source,
    program: record.subject,
    event_time: toIsoMs(record.micros),
    micros: record.micros,
    verdict: highest(findings.map(({ effective }) => effective)),
    proposed: highest(findings.map(({ action }) => action)),
    reasons: findings.map(({ reason }) => reason),
    effective: Object.fromEntries(findings.map(({ reason, effective }) => [reason, effective])),
    limit: refusal?.limit ?? '',
    retry_after_ms: refusal?.retryAfterMs ?? 0,
    refusing_limits: refusing.map(({ name, shadow }) => ({ limit: name, shadow: shadow === true })),
    user: data.user,
    category: access.category,
    outcome: data.outcome ?? 'performed',
    class: programClass,
    developer: declaration?.developer ?? '',
    declaration_version: declaration?.version ?? 0,
    policy_hash: policy.hash,
  };
}

/** @throws Error when `policyYamlText` is no valid policy. */
export function judge({ lines, policyYamlText }: JudgeInput, options: JudgeOptions): Judgement {
  const policy = policyYamlText === undefined ? NO_POLICY : policyFromYaml(policyYamlText);
  const bench = new Judge(policy, options);
  const rejects: { record: number; reason: RejectReason }[] = [];
  const accepted: Partial<Record<RecordType, number>> = {};
  let duplicates = 0;
  const records = Buffer.isBuffer(lines) ? linesOf(lines) : lines;
  for (const [index, line] of records.entries()) {
    const reading = readRecord(line);
    const fate = 'reject' in reading ? reading.reject : bench.take(reading.record, index + 1);
    if ('reject' in reading || fate === 'unauthorised') {
      rejects.push({ record: index + 1, reason: fate as RejectReason });
    } else if (fate === 'taken') {
      accepted[reading.record.type] = (accepted[reading.record.type] ?? 0) + 1;
    } else if (reading.record.type !== 'ntk.heartbeat') {
      duplicates += 1;
    }
  }
  // Heartbeats are in no figure of a report, so they are not read records either.
  const taken = Object.entries(accepted).reduce((sum, [type, count]) => (type === 'ntk.heartbeat' ? sum : sum + count), 0);
  const quality: Quality = {
    recordsRead: rejects.length + duplicates + taken,
    duplicates,
    rejected: rejects.length,
    accepted,
    staleFacts: bench.staleFacts,
  };
  const kept = bench.verdicts.filter((verdict) => !bench.erasedRows.has(verdict));
  return {
    verdicts: bench.verdicts,
    rejects,
    quality,
    report: reportOf(bench.verdicts, quality, FIRST_MICROS, END_MICROS),
    reportAfterErasures: reportOf(kept, quality, FIRST_MICROS, END_MICROS),
  };
}
