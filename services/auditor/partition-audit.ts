/** What the audit of a partition is asked, and what it found. */
import type { AcceptedGap, BlockHeader } from '../../schemas/results/block.ts';
import type { Authority } from '../domain/authority/authority.ts';
import type { EventLog } from '../platform/log/event-log.ts';
import type { Warehouse } from '../platform/warehouse/warehouse.ts';
import type { RowProblem, RowRange } from './compare-rows.ts';
import type { KeptStates } from './refold.ts';

export interface AuditOptions {
  readonly log: EventLog;
  readonly warehouse: Warehouse;
  readonly partition: number;
  readonly storedUser: (user: string) => string;
  readonly authority: Authority;
  /** Source offsets that are stored as of the start of the audit: later ones are left out. */
  readonly storedUpTo: number;
  /** Offset in `ntk.results` of the first block that is stored later. */
  readonly laterFrom: number;
  /** Checkpoints of the partition, to begin from where the log's beginning is gone. */
  readonly keptStates: KeptStates;
  readonly onProgress?: (records: number) => void;
  /** Given every problem of a range; a repair mends it. */
  readonly onProblems?: (range: RowRange, problems: readonly RowProblem[]) => Promise<void>;
  readonly onLedgerProblem?: (problem: LedgerProblem) => Promise<void>;
}

/** What is asked of rows and ledger alone, whether or not there is a log. */
export interface LedgerAuditOptions
  extends Pick<AuditOptions, 'warehouse' | 'partition' | 'storedUpTo' | 'onProgress' | 'onProblems' | 'onLedgerProblem'> {
  readonly log: Pick<EventLog, 'logId'>;
  /** By stored user: rows before this offset are erased while the audit goes on. @default nobody's */
  readonly erasedMeanwhile?: () => Promise<ReadonlyMap<string, number>>;
}

export interface LedgerProblem {
  readonly kind: 'missing' | 'different' | 'doubled' | 'unexpected';
  readonly first: number;
  /** 0 of a block; of a gap where what the state lacks ends: a gap may have the same `first` as the block behind it. */
  readonly stateTo: number;
  /** What the entry should be; null when nothing should be there. */
  readonly expected: BlockHeader | null;
  /** How many users had rows erased with it, where that is all that is known of them. */
  readonly erasures?: number;
}

/** What an accepted gap says of itself. */
export interface GapEntry extends AcceptedGap {
  readonly from: number;
  readonly to: number;
  readonly acceptedAt: string;
}

export interface PartitionAudit {
  readonly partition: number;
  /** `log`: folded again. `chain`: that cannot be, the ledger's chain over the rows was followed. `both`: one behind the other. */
  readonly proof: 'log' | 'chain' | 'both';
  /** Why what the chain proves cannot be folded again; null where all was. */
  readonly chainBecause: 'log_gone' | 'other_engine' | 'other_authority' | null;
  /** Offset from which on the proof is by the log. */
  readonly provedByLogFrom: number;
  /** Lost outside and accepted as lost, in the order of the log; none of them is counted as something wrong. */
  acceptedGaps: GapEntry[];
  readonly rows: number;
  missing: number;
  doubled: number;
  different: number;
  unexpected: number;
  /** Rows that users had erased: gone by right. */
  erased: number;
  /** Rows that an erasure should have removed. */
  notErased: number;
  ledgerEntries: number;
  ledgerMissing: number;
  ledgerDifferent: number;
  ledgerDoubled: number;
  /** Entries of which the log has no block. */
  ledgerUnexpected: number;
  /** Ranges in which neither the log nor the ledger has a block. */
  gaps: { readonly from: number; readonly to: number }[];
  /** Ranges that could not be proved, and why. */
  unproved: { readonly from: number; readonly to: number; readonly why: string }[];
}

export function isClean(audit: PartitionAudit): boolean {
  return (
    audit.missing + audit.doubled + audit.different + audit.unexpected + audit.notErased === 0 &&
    audit.ledgerMissing + audit.ledgerDifferent + audit.ledgerDoubled + audit.ledgerUnexpected === 0 &&
    audit.gaps.length + audit.unproved.length === 0
  );
}

/** While it is being made. */
export type Audit = { -readonly [Key in keyof PartitionAudit]: PartitionAudit[Key] };

export function nothingFound(partition: number): Audit {
  return {
    partition,
    proof: 'log',
    chainBecause: null,
    provedByLogFrom: 0,
    acceptedGaps: [],
    rows: 0,
    missing: 0,
    doubled: 0,
    different: 0,
    unexpected: 0,
    erased: 0,
    notErased: 0,
    ledgerEntries: 0,
    ledgerMissing: 0,
    ledgerDifferent: 0,
    ledgerDoubled: 0,
    ledgerUnexpected: 0,
    gaps: [],
    unproved: [],
  };
}
