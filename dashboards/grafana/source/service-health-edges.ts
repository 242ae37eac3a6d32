/** The lower half of the board of service health: limits, storing, doors, hosts and processes. */
import type { Section } from './board.ts';
import { quantiles, rate } from './metric-expressions.ts';
import { metricFigures, metricLines, metricTable } from './panels.ts';

const LIMITS: Section = {
  title: 'State and limits',
  panels: [
    metricLines(
      {
        title: 'State against its limits',
        shows: 'Keys in memory as a share of the limit of their kind (NTK_STATE_*), in the fullest process.',
        worry: 'above 80 %: at the limit the partition stands still, because nothing is evicted by surprise.',
        alerts: ['NtkStateNearLimit'],
        unit: 'percentunit',
        width: 8,
        height: 8,
        bad: { orange: 0.8, red: 0.95 },
        names: ['programs', 'consents', 'limit_keys', 'baseline_keys'],
      },
      { expr: 'max by (kind) (ntk_state_keys / ntk_state_keys_limit)', legend: '{{kind}}' },
    ),
    metricLines(
      {
        title: 'Age of the oldest checkpoint',
        shows: 'How old the newest checkpoint of the worst partition is: so much a restart folds again.',
        worry: 'above five minutes: is the checkpoints topic writable?',
        alerts: ['NtkCheckpointOld'],
        unit: 's',
        width: 8,
        height: 8,
        bad: { orange: 300, red: 900 },
      },
      { expr: 'max(ntk_checkpoint_age_seconds)', legend: 'oldest' },
    ),
    metricLines(
      {
        title: 'Reach of the duplicate window',
        shows: 'Age of the oldest record id that is remembered. It grows after a start until the window of 262,144 ids is full.',
        worry: 'when it falls below the longest time in which hosts repeat: a later repeat counts twice.',
        alerts: ['NtkDedupWindowShort'],
        unit: 's',
        width: 8,
        height: 8,
      },
      { expr: 'min(ntk_dedup_window_seconds)', legend: 'reaches back' },
    ),
    metricFigures(
      {
        title: 'Must not happen, within the time shown',
        shows: 'Positions that somebody moved from outside, policies that were refused, and ranges of the log accepted as lost.',
        worry: 'above 0. None of them changes a total by itself; each says that somebody has to look.',
        type: ['ntk policy log', 'ntk verify'],
        alerts: ['NtkPositionMismatch', 'NtkPolicyRejected', 'NtkGapAccepted'],
        unit: 'short',
        width: 24,
        height: 4,
        decimals: 0,
        bad: { orange: 0.5 },
      },
      { expr: 'sum(increase(ntk_position_mismatch_total[$__range]))', legend: 'positions moved' },
      { expr: 'sum(increase(ntk_policy_rejected_total[$__range]))', legend: 'policies refused' },
      { expr: 'sum(increase(ntk_gaps_accepted_total[$__range]))', legend: 'gaps accepted' },
    ),
  ],
};

const STORING: Section = {
  title: 'Storing',
  panels: [
    metricLines(
      {
        title: 'From a record to its row',
        shows:
          'Latency of live records: from their place in the log to the row in ClickHouse. The writer waits up to 1 s for a group.',
        worry: '99 % above 10 s: reports are late; verdicts are not.',
        alerts: ['NtkUnwrittenLag'],
        unit: 's',
        width: 6,
        height: 8,
        bad: { orange: 10 },
      },
      ...quantiles('ntk_event_to_stored_seconds'),
    ),
    metricLines(
      {
        title: 'Rows stored',
        shows: 'Rows a second that came to be in ClickHouse.',
        worry: 'at 0 while accesses are judged.',
        unit: 'cps',
        width: 6,
        height: 8,
      },
      { expr: rate('ntk_results_written_total'), legend: 'rows' },
    ),
    metricLines(
      {
        title: 'Inserts that failed',
        shows:
          'Inserts that failed and are tried again, by what ClickHouse said. Nothing is lost by one: blocks wait in the log.',
        worry: 'when it goes on for minutes: mend ClickHouse before the retention of the results log is used up.',
        alerts: ['NtkWriteFailures'],
        unit: 'cps',
        width: 6,
        height: 8,
      },
      { expr: rate('ntk_write_failures_total', ['code']), legend: '{{code}}' },
    ),
    metricLines(
      {
        title: 'Records judged and not stored',
        shows: 'How many wait for ClickHouse, by partition.',
        worry: 'when it grows for minutes.',
        alerts: ['NtkUnwrittenLag'],
        unit: 'sishort',
        width: 6,
        height: 8,
      },
      { expr: 'max by (partition) (ntk_unwritten_records)', legend: 'partition {{partition}}' },
    ),
    metricLines(
      {
        title: 'Retention used up by waiting',
        shows:
          'Age of the oldest record that is still needed, as a share of the time the log keeps it: access log and results log.',
        worry: 'above 50 %: at 100 % records are deleted that nobody has judged or stored.',
        alerts: ['NtkLogNearRetention'],
        unit: 'percentunit',
        width: 24,
        height: 6,
        bad: { orange: 0.5, red: 0.8 },
        noValue: 'nothing is deleted by time',
      },
      { expr: 'max(ntk_oldest_unscored_seconds) / min(ntk_log_retention_seconds{log="access"})', legend: 'access' },
      { expr: 'max(ntk_oldest_unwritten_seconds) / min(ntk_log_retention_seconds{log="results"})', legend: 'results' },
    ),
  ],
};

const DOORS: Section = {
  title: 'Doors and hosts',
  panels: [
    metricLines(
      {
        title: 'Requests to the gateways',
        shows: 'Requests with events by status code; 0 means that the sender went away first.',
        worry: '503: the log does not take records. 401 and 403: a token is wrong or not for this. 429: a host is over its rate.',
        type: ['ntk tokens list'],
        alerts: ['NtkGatewayUnavailable'],
        unit: 'cps',
        width: 8,
        height: 8,
      },
      { expr: rate('ntk_gateway_requests_total', ['code']), legend: '{{code}}' },
    ),
    metricLines(
      {
        title: 'Records through the gateways',
        shows: 'Records a second that the log acknowledged, and those refused although their request was read, by status code.',
        worry: 'when refused ones come steadily: a host sends what it may not.',
        unit: 'cps',
        width: 8,
        height: 8,
      },
      { expr: rate('ntk_gateway_records_accepted_total'), legend: 'accepted' },
      { expr: rate('ntk_gateway_records_refused_total', ['code']), legend: 'refused {{code}}' },
    ),
    metricLines(
      {
        title: 'Acknowledgement by the log',
        shows: 'One transaction of the gateway, which takes the records of several requests.',
        worry: '99 % above 1 s: the log is slow; hosts wait as long.',
        alerts: ['NtkGatewayUnavailable'],
        unit: 's',
        width: 8,
        height: 8,
        bad: { orange: 1 },
      },
      ...quantiles('ntk_gateway_commit_seconds'),
    ),
    metricLines(
      {
        title: 'Transactions that the log did not take',
        shows: 'Per second, by what the log said.',
        worry: 'above 0 for a minute: hosts get 503.',
        alerts: ['NtkGatewayUnavailable'],
        unit: 'cps',
        width: 6,
        height: 7,
        noValue: '0',
      },
      { expr: rate('ntk_gateway_commit_failures_total', ['code']), legend: '{{code}}' },
    ),
    metricLines(
      {
        title: 'Bytes in and under way',
        shows: 'Bytes a second that were accepted, and memory taken by requests that come in or wait.',
        worry: 'when what is under way stays near 64 MiB: further requests get 503.',
        unit: 'bytes',
        width: 6,
        height: 7,
      },
      { expr: rate('ntk_gateway_bytes_accepted_total'), legend: 'accepted a second' },
      { expr: 'max(ntk_gateway_in_flight_bytes)', legend: 'under way, fullest gateway' },
    ),
    metricLines(
      {
        title: 'Requests under way',
        shows: 'Requests that come in or wait for the log, and those of them that wait for their turn; the fullest gateway.',
        worry: 'near 512: further ones get 503.',
        unit: 'short',
        width: 6,
        height: 7,
      },
      { expr: 'max(ntk_gateway_in_flight_requests)', legend: 'under way' },
      { expr: 'max(ntk_gateway_queued_requests)', legend: 'in the queue' },
    ),
    metricFigures(
      {
        title: 'Tokens',
        shows: 'Tokens in force (the fewest of any gateway), and gateways whose file of tokens is broken or gone.',
        worry: 'when a file is broken: the tokens of before stay in force, and changes do not count.',
        type: ['ntk tokens list'],
        alerts: ['NtkTokensFileBroken'],
        unit: 'short',
        width: 6,
        height: 7,
      },
      { expr: 'min(ntk_gateway_tokens)', legend: 'in force' },
      { expr: 'sum(ntk_gateway_tokens_file_broken)', legend: 'files broken' },
    ),
    metricTable(
      {
        title: 'Hosts, by when they were last heard of',
        shows: 'How long ago each source reported anything, the most silent first.',
        worry: 'when a host that reports all day falls silent: that looks like good behaviour and is none. Ask the host.',
        alerts: ['NtkSourceSilent'],
        unit: 's',
        width: 24,
        height: 8,
      },
      [{ name: 'Value', title: 'silent for', unit: 's', sorted: true }],
      { expr: 'sort_desc(min by (source) (ntk_source_last_seen_seconds))', legend: '' },
    ),
  ],
};

const PROCESSES: Section = {
  title: 'Processes',
  panels: [
    metricLines(
      {
        title: 'Memory',
        shows: 'Resident memory of each process.',
        worry: 'when it grows for days without more programs, consents or limits.',
        unit: 'bytes',
        width: 6,
        height: 8,
      },
      { expr: 'process_resident_memory_bytes{job=~"ntk.*"}', legend: '{{job}} {{instance}}' },
    ),
    metricLines(
      {
        title: 'CPU',
        shows: 'Cores used by each process. Judging uses one.',
        worry: 'when a scorer stays at 1: it is at its limit, add one.',
        alerts: ['NtkLagRecords'],
        unit: 'percentunit',
        width: 6,
        height: 8,
      },
      { expr: 'rate(process_cpu_seconds_total{job=~"ntk.*"}[$__rate_interval])', legend: '{{job}} {{instance}}' },
    ),
    metricLines(
      {
        title: 'Event loop delay',
        shows: 'How late turns of the event loop come: 99 % of them not later than this.',
        worry: 'above 100 ms for minutes: something blocks the process, and everything in it waits.',
        unit: 's',
        width: 6,
        height: 8,
        bad: { orange: 0.1 },
      },
      { expr: 'nodejs_eventloop_lag_p99_seconds{job=~"ntk.*"}', legend: '{{job}} {{instance}}' },
    ),
    metricLines(
      {
        title: 'Starts',
        shows: 'How often each process was started anew within the last hour.',
        worry: 'when it is above 2 without an upgrade: it crashes; its log says why.',
        alerts: ['NtkRestarts', 'NtkTargetDown'],
        unit: 'short',
        width: 6,
        height: 8,
        bad: { orange: 2 },
      },
      { expr: 'changes(process_start_time_seconds{job=~"ntk.*"}[1h])', legend: '{{job}} {{instance}}' },
    ),
  ],
};

export const SERVICE_HEALTH_EDGES: readonly Section[] = [LIMITS, STORING, DOORS, PROCESSES];
