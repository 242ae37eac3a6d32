/** For on-call engineers: does it judge and store what hosts report, how far behind is it, and how near to its limits. */
import type { Board, Section } from './board.ts';
import { quantiles, rate } from './metric-expressions.ts';
import { metricFigures, metricLines, metricTable } from './panels.ts';
import { SERVICE_HEALTH_EDGES } from './service-health-edges.ts';
import { METRICS } from './variables.ts';

const SINCE_ANSWERED = 'time() - max by (partition) (ntk_heartbeat_answered_timestamp_seconds)';
const SINCE_STORED = 'time() - max by (partition) (ntk_heartbeat_stored_timestamp_seconds)';
/** A heartbeat goes out every 60 s: after two one is late, after three it is missing. */
const HEARTBEAT_BAD = { orange: 120, red: 180 };

const AT_A_GLANCE: Section = {
  title: 'At a glance',
  panels: [
    metricFigures(
      {
        title: 'Oldest heartbeat answer',
        shows:
          'How long ago the newest answered heartbeat of the worst partition was sent. A heartbeat takes the whole way of an event.',
        worry: 'above 3 minutes: that partition does not judge.',
        alerts: ['NtkHeartbeatMissing'],
        unit: 's',
        width: 4,
        height: 5,
        bad: HEARTBEAT_BAD,
      },
      { expr: `max(${SINCE_ANSWERED})`, legend: 'since it was sent' },
    ),
    metricFigures(
      {
        title: 'Partitions that stand still',
        shows: 'Partitions of which a scorer or a writer refuses to go on, because going on would make totals wrong.',
        worry: 'above 0. `/health` of the process says why and what to type; the other partitions go on.',
        type: ['ntk verify'],
        alerts: ['NtkPartitionStopped'],
        unit: 'short',
        width: 4,
        height: 5,
        bad: { red: 1 },
      },
      { expr: 'sum(max by (partition) (ntk_partition_stopped))', legend: 'partitions' },
    ),
    metricFigures(
      {
        title: 'Processes that do not answer',
        shows: 'Processes of Need to Know that Prometheus knows and cannot scrape.',
        worry: 'above 0. With one scorer fewer the others take its partitions; with the last one away nothing is judged.',
        alerts: ['NtkTargetDown', 'NtkServiceAbsent'],
        unit: 'short',
        width: 4,
        height: 5,
        bad: { red: 1 },
      },
      { expr: 'count(up{job=~"ntk.*"} == 0) or vector(0)', legend: 'processes' },
    ),
    metricFigures(
      {
        title: 'Oldest record not judged',
        shows: 'How long the oldest record of the log that is not judged yet has been waiting.',
        worry: 'above 1 second for a minute: scorers are too few, one program is too hot, or Kafka is slow.',
        alerts: ['NtkVerdictsLate'],
        unit: 's',
        width: 4,
        height: 5,
        bad: { orange: 1, red: 10 },
      },
      { expr: 'max(ntk_oldest_unscored_seconds)', legend: 'waiting' },
    ),
    metricFigures(
      {
        title: 'Oldest block not stored',
        shows: 'How long the oldest block of results that is not in ClickHouse yet has been waiting.',
        worry: 'above a minute: ClickHouse is away or slow. Verdicts do not depend on it; reports do.',
        alerts: ['NtkUnwrittenLag', 'NtkWriteFailures'],
        unit: 's',
        width: 4,
        height: 5,
        bad: { orange: 60, red: 3600 },
      },
      { expr: 'max(ntk_oldest_unwritten_seconds)', legend: 'waiting' },
    ),
    metricTable(
      {
        title: 'What runs',
        shows: 'Processes by version and engine. The engine is the version of the rules: another one means other verdicts.',
        worry: 'when two engines run for longer than an upgrade takes.',
        type: ['ntk --version'],
        unit: 'short',
        width: 4,
        height: 5,
      },
      [{ name: 'Value', title: 'processes' }],
      { expr: 'count by (version, engine) (ntk_build_info)', legend: '' },
    ),
  ],
};

const HEARTBEAT: Section = {
  title: 'Heartbeat: the whole way, once a minute a partition',
  panels: [
    metricLines(
      {
        title: 'Since the newest answered heartbeat',
        shows:
          'Age of the newest heartbeat that came back as a verdict would, by partition. In order it swings between 0 and 60 s.',
        worry: 'when one partition rises past 3 minutes; when all do, look at the log and at the scorers.',
        alerts: ['NtkHeartbeatMissing'],
        unit: 's',
        width: 8,
        height: 8,
        bad: HEARTBEAT_BAD,
      },
      { expr: SINCE_ANSWERED, legend: 'partition {{partition}}' },
    ),
    metricLines(
      {
        title: 'Since the newest stored heartbeat',
        shows: 'How long ago the newest block with a heartbeat was stored in ClickHouse, by partition.',
        worry: 'when it rises while the answers come: judging works and storing does not.',
        alerts: ['NtkHeartbeatNotStored'],
        unit: 's',
        width: 8,
        height: 8,
        bad: { orange: 180, red: 300 },
      },
      { expr: SINCE_STORED, legend: 'partition {{partition}}' },
    ),
    metricLines(
      {
        title: 'Heartbeat round trip',
        shows: 'From sending a heartbeat to reading its answer, over ten minutes: as many heartbeats as make a quantile.',
        worry: 'above 0.5 s: events take as long.',
        alerts: ['NtkVerdictsLate'],
        unit: 's',
        width: 8,
        height: 8,
        bad: { orange: 0.5 },
      },
      ...quantiles('ntk_heartbeat_round_trip_seconds', '10m'),
    ),
    metricLines(
      {
        title: 'Heartbeats sent',
        shows: 'Heartbeats a minute, by partition. Each gateway sends its own: two gateways, two a minute.',
        worry: 'at 0: nobody sends any, and silence proves nothing (NTK_HEARTBEAT_SECONDS).',
        alerts: ['NtkHeartbeatOff'],
        unit: 'cpm',
        width: 24,
        height: 6,
      },
      { expr: '60 * sum by (partition) (rate(ntk_heartbeats_sent_total[10m]))', legend: 'partition {{partition}}' },
    ),
  ],
};

const JUDGING: Section = {
  title: 'Judging',
  panels: [
    metricLines(
      {
        title: 'Records not judged yet',
        shows: 'Records of the log behind the position of their partition.',
        worry: 'when it grows for minutes. One partition alone: one hot program; all of them: too few scorers.',
        alerts: ['NtkLagRecords'],
        unit: 'sishort',
        width: 8,
        height: 8,
      },
      { expr: 'max by (partition) (ntk_lag_records)', legend: 'partition {{partition}}' },
    ),
    metricLines(
      {
        title: 'Age of the oldest record not judged',
        shows: 'How long it has been waiting, of all partitions the longest.',
        worry: 'above 1 second for a minute.',
        alerts: ['NtkVerdictsLate'],
        unit: 's',
        width: 8,
        height: 8,
        bad: { orange: 1 },
      },
      { expr: 'max(ntk_oldest_unscored_seconds)', legend: 'waiting' },
    ),
    metricLines(
      {
        title: 'From a record to its verdict',
        shows: 'Latency of live records: from their place in the log to the committed verdict.',
        worry: '99 % above 150 ms: hosts that wait begin to time out.',
        alerts: ['NtkVerdictLatencyHigh'],
        unit: 's',
        width: 8,
        height: 8,
        bad: { orange: 0.15, red: 0.25 },
      },
      ...quantiles('ntk_event_to_verdict_seconds'),
    ),
    metricLines(
      {
        title: 'Accesses judged',
        shows: 'Accesses a second by what the host did: waited (pending), handed out (performed) or refused by itself.',
        worry: 'when it falls to nothing in a busy hour: a silent host looks like good behaviour.',
        alerts: ['NtkSourceSilent'],
        unit: 'cps',
        width: 8,
        height: 8,
        names: ['pending', 'performed', 'refused'],
      },
      { expr: rate('ntk_access_events_total', ['outcome']), legend: '{{outcome}}' },
    ),
    metricLines(
      {
        title: 'Facts accepted',
        shows:
          'Declarations, consents, entitlements, standings and the like, and declarations that were not newer than the one in force.',
        worry: 'when stale declarations come steadily: somebody publishes old versions again and again.',
        unit: 'cps',
        width: 8,
        height: 8,
      },
      { expr: rate('ntk_facts_total{type!="ntk.access"}', ['type']), legend: '{{type}}' },
      { expr: rate('ntk_stale_facts_total'), legend: 'stale' },
    ),
    metricLines(
      {
        title: 'Rejects and duplicates',
        shows: 'Records that cannot be read, by reason, and records that came again and count once.',
        worry: 'when rejects jump: a host sends something else than before. Duplicates are harmless.',
        type: ['ntk rejects list'],
        alerts: ['NtkRejectsJump', 'NtkUnauthorisedFacts'],
        unit: 'cps',
        width: 8,
        height: 8,
      },
      { expr: rate('ntk_rejects_total', ['reason']), legend: '{{reason}}' },
      { expr: rate('ntk_duplicates_total'), legend: 'duplicates' },
    ),
  ],
};

export const SERVICE_HEALTH: Board = {
  uid: 'ntk-service-health',
  title: 'Need to Know: service health',
  description: 'For on-call engineers. Operational figures from Prometheus; those of a report come from ntk report.',
  variables: [METRICS],
  from: 'now-6h',
  refresh: '30s',
  sections: [AT_A_GLANCE, HEARTBEAT, JUDGING, ...SERVICE_HEALTH_EDGES],
};
