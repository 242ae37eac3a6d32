/** The topics of a log and the settings that exactness needs of them (contracts.md 1.8). */
import type { AppendStream, KeyedStream } from '../event-log.ts';

/**
 * Positions have a topic of their own, compacted, and are not the group's committed offsets: those expire
 * (offsets.retention.minutes), and anybody may set or delete them. What the group has is only a copy, for lag tools.
 */
export type TopicStream = AppendStream | KeyedStream | 'positions';

export interface Topic {
  readonly stream: TopicStream;
  readonly name: string;
}

export const APPEND_STREAMS = ['access', 'results', 'verdicts', 'rejects'] as const satisfies readonly AppendStream[];
export const KEYED_STREAMS = ['checkpoints', 'imports', 'positions'] as const;
export const STREAMS: readonly TopicStream[] = [...APPEND_STREAMS, ...KEYED_STREAMS];

export function topicName(prefix: string, stream: TopicStream): string {
  return `${prefix}.${stream}.v1`;
}

export function isKeyed(stream: TopicStream): boolean {
  return (KEYED_STREAMS as readonly TopicStream[]).includes(stream);
}

/** contracts.md 1.8; one record of 4 MiB and its batch's header need a little more in our own topics. */
export const ACCESS_MESSAGE_BYTES_MAX = 4 * 1024 * 1024;
const OWN_MESSAGE_BYTES_MAX = ACCESS_MESSAGE_BYTES_MAX + 64 * 1024;
const RETENTION_MS = 35 * 24 * 60 * 60 * 1000;
const IN_SYNC_MIN = 2;
/** Starting reads a compacted partition whole, so what is outdated goes soon. */
const COMPACTED_DIRTY_RATIO = 0.1;
const COMPACTED_SEGMENT_BYTES = 64 * 1024 * 1024;

export interface Setting {
  readonly name: string;
  /** What the topic is made with. */
  readonly value: string;
  /** `exact`: another value is an error. `at least`: a smaller one is. `free`: nobody checks. */
  readonly rule: 'exact' | 'at least' | 'free';
}

export function settingsOf(stream: TopicStream, replication: number): readonly Setting[] {
  const settings: Setting[] = [
    { name: 'cleanup.policy', value: isKeyed(stream) ? 'compact' : 'delete', rule: 'exact' },
    { name: 'message.timestamp.type', value: 'LogAppendTime', rule: 'exact' },
    // Hosts choose how they compress, and not all of it can be read here: the broker makes it one.
    { name: 'compression.type', value: 'zstd', rule: 'exact' },
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
    settings.push({ name: 'retention.ms', value: String(RETENTION_MS), rule: 'free' });
  }
  return settings;
}
