/** The end of the board of interceptions: whether the alarms of the baselines are as few as the policy wants them, and who reads them. */
import { REASONS } from '../../../schemas/codes.ts';
import type { Section } from './board.ts';
import { rate } from './metric-expressions.ts';
import { metricFigures, metricLines, metricTable } from './panels.ts';

/** What the false-alarm budget counts. */
const EPISODES_A_DAY = 'sum(increase(ntk_baseline_episodes_total[1d]))';
/** Scorers that were started again have not seen most programs yet: the most of the day count. */
const PROGRAMS_A_DAY = 'max_over_time(sum(ntk_programs_seen)[1d:5m]) or sum(ntk_programs_seen)';
const BUDGET_A_DAY = `max(ntk_baseline_budget_alarms_per_program_day) * (${PROGRAMS_A_DAY})`;

/** What was counted in the day before each moment, by a label. */
function aDayBy(counter: string, label: string): string {
  return `sum by (${label}) (increase(${counter}[1d]))`;
}

export const BASELINES: Section = {
  title: 'Baselines and policy',
  panels: [
    metricLines(
      {
        title: 'Baseline episodes, last 24 hours',
        shows: 'Episodes of the baselines that began in the 24 hours before each moment, by their first reason.',
        worry: 'when one rises alone.',
        type: ['ntk review list --open'],
        alerts: ['NtkFalseAlarmBudgetSpent'],
        unit: 'short',
        decimals: 0,
        width: 10,
        height: 8,
        names: REASONS,
      },
      { expr: aDayBy('ntk_baseline_episodes_total', 'reason'), legend: '{{reason}}' },
    ),
    metricFigures(
      {
        title: 'False-alarm budget',
        shows:
          'Baseline episodes of the last 24 hours as a multiple of the false alarms that the policy allows for so many programs. Whether they were false, reviews say.',
        worry: 'above 1 for days: the alarms are more than the policy wants people to look at.',
        type: ['ntk review rate'],
        alerts: ['NtkFalseAlarmBudgetSpent'],
        unit: 'none',
        decimals: 2,
        width: 6,
        height: 8,
        bad: { orange: 1 },
      },
      { expr: `${EPISODES_A_DAY} / (${BUDGET_A_DAY})`, legend: 'of the budget' },
      { expr: BUDGET_A_DAY, legend: 'alarms allowed a day' },
    ),
    metricTable(
      {
        title: 'Policy in force',
        shows: 'Hash of the policy by which scorers judge, and how many scorers do.',
        worry: 'when there are two for longer than a minute: a partition has not got the newer one.',
        type: ['ntk policy log'],
        alerts: ['NtkPolicyRejected'],
        unit: 'short',
        width: 8,
        height: 8,
      },
      [{ name: 'Value', title: 'scorers' }],
      { expr: 'sum by (policy_hash) (ntk_policy_info)', legend: '' },
    ),
    metricLines(
      {
        title: 'Baseline findings, last 24 hours',
        shows: 'Findings of the baselines in the 24 hours before each moment, by reason: how long episodes go on.',
        worry: 'when it rises and episodes do not: one program goes on for hours.',
        unit: 'short',
        decimals: 0,
        width: 8,
        height: 8,
        names: REASONS,
      },
      { expr: aDayBy('ntk_baseline_alarms_total', 'reason'), legend: '{{reason}}' },
    ),
    metricLines(
      {
        title: 'Reviews, last 7 days',
        shows:
          'Reviews in the 7 days before each moment, by what they conclude; a second one about the same episode counts again.',
        worry: 'when there are episodes and no reviews: nobody reads the alarms. When most are false: they cry wolf.',
        type: ['ntk review rate'],
        alerts: ['NtkFalseAlarmBudgetSpent'],
        unit: 'short',
        decimals: 0,
        width: 8,
        height: 8,
      },
      { expr: 'sum by (disposition) (increase(ntk_reviews_total[7d]))', legend: '{{disposition}}' },
    ),
    metricLines(
      {
        title: 'Too late for a baseline',
        shows: 'Share of accesses that came when their baseline had gone on beyond their time; their score is 0.',
        worry: 'when it is more than a few in a hundred: a host reports so late that nothing of it can be unusual.',
        alerts: ['NtkSourceSilent'],
        unit: 'percentunit',
        decimals: 2,
        width: 8,
        height: 8,
      },
      { expr: `${rate('ntk_baseline_late_total')} / ${rate('ntk_access_events_total')}`, legend: 'of all accesses' },
    ),
    metricLines(
      {
        title: 'Told across programs',
        shows:
          'Priors that the aggregator has said, what of them had no effect in a partition, and times it had to try again: each in an hour.',
        worry: 'when nothing is said for a day while programs are used, or what is said has no effect.',
        unit: 'short',
        decimals: 0,
        width: 12,
        height: 8,
      },
      { expr: 'sum by (kind) (increase(ntk_priors_published_total[1h]))', legend: '{{kind}}' },
      { expr: 'sum (increase(ntk_priors_ignored_total[1h]))', legend: 'without an effect' },
      { expr: 'sum (increase(ntk_aggregator_failures_total[1h]))', legend: 'tried again' },
    ),
    metricLines(
      {
        title: 'Hour of events that the aggregator is behind',
        shows: 'From the hour of event time at which it has arrived to now. Traffic of history is as far behind as it is old.',
        worry:
          'when it grows beyond two hours while programs are used: young programs and fleets are judged by what was known then.',
        unit: 's',
        width: 12,
        height: 8,
      },
      { expr: 'time() - max (ntk_aggregator_event_hour_timestamp_seconds > 0)', legend: 'behind' },
    ),
  ],
};
