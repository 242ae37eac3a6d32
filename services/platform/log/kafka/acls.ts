/**
 * What each principal has to be allowed in Kafka, and nothing else: with an authorizer (StandardAuthorizer) that refuses what no ACL
 * allows. The borders that matter: a host writes accesses and has no transactional id, so it can neither say that its records were
 * imported nor take a partition; only the scorer writes what accesses are judged from.
 */
import { scorersGroup, STREAMS, topicName, type TopicStream } from './topics.ts';

export type Principal = 'host' | 'gateway' | 'scorer' | 'writer' | 'importer' | 'reader';
type AclOperation = 'Read' | 'Write' | 'Create' | 'Describe' | 'DescribeConfigs';

export interface Acl {
  readonly resource: 'topic' | 'group' | 'transactionalId';
  readonly name: string;
  readonly pattern: 'literal' | 'prefixed';
  readonly operations: readonly AclOperation[];
}

interface Needs {
  readonly reads: readonly TopicStream[];
  readonly writes: readonly TopicStream[];
  readonly group?: 'scorer' | 'writer';
  /** Takes part in transactions. */
  readonly isTransactional: boolean;
}

const NEEDS: Readonly<Record<Exclude<Principal, 'host'>, Needs>> = {
  gateway: { reads: ['access', 'verdicts', 'positions'], writes: ['access'], isTransactional: true },
  scorer: {
    reads: ['access', 'results', 'checkpoints', 'positions'],
    writes: ['results', 'verdicts', 'rejects', 'checkpoints', 'positions'],
    group: 'scorer',
    isTransactional: true,
  },
  writer: { reads: ['results', 'positions'], writes: ['positions'], group: 'writer', isTransactional: true },
  // Commands that append: policies, imports, redriven rejects.
  importer: { reads: STREAMS, writes: ['access', 'imports'], isTransactional: true },
  // Reports, `verify`, `explain`.
  reader: { reads: STREAMS, writes: [], isTransactional: false },
};

/** Whoever makes the log (`create`) needs Create on topics with the prefix and Write on its positions besides. */
export function aclsOf(principal: Principal, prefix: string): Acl[] {
  const topic = (stream: TopicStream, ...operations: AclOperation[]): Acl => ({
    resource: 'topic',
    name: topicName(prefix, stream),
    pattern: 'literal',
    operations,
  });
  if (principal === 'host') return [topic('access', 'Write'), topic('verdicts', 'Read')];
  const { reads, writes, group, isTransactional } = NEEDS[principal];
  // All topics are described, and their settings checked, when a log is opened.
  const acls = STREAMS.map((stream) =>
    topic(
      stream,
      'Describe',
      'DescribeConfigs',
      ...(reads.includes(stream) ? ['Read' as const] : []),
      ...(writes.includes(stream) ? ['Write' as const] : []),
    ),
  );
  if (isTransactional)
    acls.push({ resource: 'transactionalId', name: `${prefix}.`, pattern: 'prefixed', operations: ['Describe', 'Write'] });
  // Tools for lag are shown the position as the group's offset.
  const groups = group === undefined ? [] : [`${prefix}.${group}`];
  if (principal === 'scorer') groups.push(scorersGroup(prefix));
  for (const name of groups) acls.push({ resource: 'group', name, pattern: 'literal', operations: ['Describe', 'Read'] });
  return acls;
}
