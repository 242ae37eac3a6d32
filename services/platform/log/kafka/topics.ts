/** The topics of a log and the settings that exactness needs of them (contracts.md 1.8). */
import type { AppendStream, KeyedStream } from '../event-log.ts';

/**
 * Positions have a topic of their own, compacted, and are not the group's committed offsets: those expire
 * (offsets.retention.minutes), and anybody may set or delete them. What the group has is only a copy, for lag tools.
 */
export type TopicStream = AppendStream | KeyedStream | 'positions';

const APPEND_STREAMS = ['access', 'results', 'verdicts', 'rejects'] as const satisfies readonly AppendStream[];
const KEYED_STREAMS = ['checkpoints', 'imports', 'positions'] as const;
export const STREAMS: readonly TopicStream[] = [...APPEND_STREAMS, ...KEYED_STREAMS];

export function topicName(prefix: string, stream: TopicStream): string {
  return `${prefix}.${stream}.v1`;
}

/** Scorers that share the partitions. Not the group that the offsets for lag tools are in: a group with members takes offsets from its members only. */
export function scorersGroup(prefix: string): string {
  return `${prefix}.scorers`;
}

function isKeyed(stream: TopicStream): boolean {
  return (KEYED_STREAMS as readonly TopicStream[]).includes(stream);
}

/** contracts.md 1.8; one record of 4 MiB and its batch's header need a little more in our own topics. */
export const ACCESS_MESSAGE_BYTES_MAX = 4 * 1024 * 1024;
export const OWN_MESSAGE_BYTES_MAX = ACCESS_MESSAGE_BYTES_MAX + 64 * 1024;
const RETENTION_MS = 35 * 24 * 60 * 60 * 1000;
const IN_SYNC_MIN = 2;
/** Starting reads a compacted partition whole, so what is outdated goes soon. */
const COMPACTED_DIRTY_RATIO = 0.1;
const COMPACTED_SEGMENT_BYTES = 64 * 1024 * 1024;

/**
 * Small batches of verdicts are not compressed: at 10,000 accesses a second a transaction has 8 KB of them, and packing, checking in the broker
 * and unpacking by who waits took a tenth of the time that a verdict takes. More at once is a backlog, or much to keep.
 */
export const PLAIN_BYTES_MAX: Readonly<Partial<Record<TopicStream, number>>> = { verdicts: 16 * 1024 };

export interface Setting {
  readonly name: string;
  /** What the topic is made with. */
  readonly value: string;
  /** `exact`: another value is an error. `at least`: a smaller one is. `free`: nobody checks. Or what else may be. */
  readonly rule: 'exact' | 'at least' | 'free' | { readonly or: string };
}

export function settingsOf(stream: TopicStream, replication: number): readonly Setting[] {
  const settings: Setting[] = [
    { name: 'cleanup.policy', value: isKeyed(stream) ? 'compact' : 'delete', rule: 'exact' },
    { name: 'message.timestamp.type', value: 'LogAppendTime', rule: 'exact' },
    ...compression(stream),
    { name: 'unclean.leader.election.enable', value: 'false', rule: 'exact' },
    { name: 'min.insync.replicas', value: String(Math.min(IN_SYNC_MIN, replication)), rule: 'at least' },
    stream === 'access'
      ? { name: 'max.message.bytes', value: String(ACCESS_MESSAGE_BYTES_MAX), rule: 'exact' }
      : { name: 'max.message.bytes', value: String(OWN_MESSAGE_BYTES_MAX), rule: 'at least' },
  ];
  if (isKeyed(stream)) {
    settings.push(
      { name: 'min.cleanable.dirty.ratio', value: String(COMPACTED_DIRTY_RATIO), rule: 'free' },
      { name: 'segment.bytes', value: String(COMPACTED_SEGMENT_BYTES), rule: 'free' },
    );
  } else {
    // Of its own, whatever the broker's default is: what is deleted because of its size is never seen coming, its age is (NtkLogNearRetention).
    settings.push({ name: 'retention.ms', value: String(RETENTION_MS), rule: 'free' });
    settings.push({ name: 'retention.bytes', value: '-1', rule: 'free' });
  }
  return settings;
}

/** Hosts choose how they compress, and not all of it can be read here: the broker makes it one. Of ours the scorer and others have chosen. */
function compression(stream: TopicStream): readonly Setting[] {
  // Earlier releases made all topics so, and a broker then compresses each position anew.
  if (stream !== 'access') return [{ name: 'compression.type', value: 'producer', rule: { or: 'zstd' } }];
  return [
    { name: 'compression.type', value: 'zstd', rule: 'exact' },
    // The broker's own level clears three quarters of a megabyte for each batch, however small.
    { name: 'compression.zstd.level', value: '1', rule: 'free' },
  ];
}
