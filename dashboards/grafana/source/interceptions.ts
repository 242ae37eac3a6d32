/** For trust-and-safety teams: what was stopped, why, what would have been, and whether a rule behaves unlike itself. */
import { ACTIONS, REASONS } from '../../../schemas/codes.ts';
import type { Board, Section } from './board.ts';
import { BASELINES } from './interceptions-baselines.ts';
import { grownInRange, rate } from './metric-expressions.ts';
import { metricFigures, metricLines } from './panels.ts';
import { METRICS } from './variables.ts';

const REPORT = 'ntk report interceptions --from 2026-11-01 --to 2026-12-01';
const TIMINGS = ['prevented', 'already_refused', 'late'];
/** Findings of each reason as a share of the accesses within a window. */
function hitRate(window: string): string {
  return `sum by (reason) (increase(ntk_findings_total[${window}])) / scalar(sum(increase(ntk_access_events_total[${window}])))`;
}

const STOPPED: Section = {
  title: 'What was stopped',
  panels: [
    metricFigures(
      {
        title: 'Attempts intercepted, within the time shown',
        shows:
          'All of them, and of these: prevented (the host waited), already refused (by host or user), late (the data was out before).',
        worry: 'when late ones come: that host reports after the fact, and nothing is prevented there.',
        type: [REPORT],
        alerts: ['NtkInterceptionSurge'],
        unit: 'short',
        decimals: 0,
        width: 12,
        height: 5,
      },
      { expr: grownInRange('ntk_intercepted_attempts_total'), legend: 'attempts' },
      ...TIMINGS.map((timing) => ({
        expr: grownInRange(`ntk_intercepted_attempts_total{timing="${timing}"}`),
        legend: timing.replace('_', ' '),
      })),
    ),
    metricFigures(
      {
        title: 'Share of accesses intercepted',
        shows: 'Intercepted attempts out of all accesses within the time shown.',
        worry: 'when it is many times what it was: see the hit rate of each reason below.',
        alerts: ['NtkInterceptionSurge'],
        unit: 'percentunit',
        decimals: 2,
        width: 4,
        height: 5,
      },
      {
        expr: `${grownInRange('ntk_intercepted_attempts_total')} / ${grownInRange('ntk_access_events_total')}`,
        legend: 'intercepted',
      },
    ),
    metricFigures(
      {
        title: 'Programs intercepted, last 24 hours',
        shows:
          'Distinct programs with an interception in the 24 hours before the end of the time shown, as far back as the scorers have judged: one that was started or took over partitions since then counts from there.',
        worry: 'when it doubles from one day to the next: either a rule is broken or many programs changed at once.',
        type: [REPORT],
        alerts: ['NtkInterceptionSurge'],
        unit: 'short',
        width: 4,
        height: 5,
      },
      { expr: 'sum(ntk_intercepted_programs)', legend: 'programs' },
    ),
    metricFigures(
      {
        title: 'Programs seen, last 24 hours',
        shows:
          'Distinct programs with an access in the 24 hours before the end of the time shown, as far back as the scorers have judged: one that was started or took over partitions since then counts from there.',
        worry: 'when it falls by much and no scorer was started: hosts are silent.',
        alerts: ['NtkSourceSilent'],
        unit: 'short',
        width: 4,
        height: 5,
      },
      { expr: 'sum(ntk_programs_seen)', legend: 'programs' },
    ),
    metricLines(
      {
        title: 'Interceptions by reason',
        shows: 'Interceptions a minute; an attempt with several intercepting reasons counts once under each.',
        worry: 'when one reason jumps alone: a rule of the policy, or a change of one host, intercepts what it should not.',
        type: ['ntk policy log'],
        alerts: ['NtkRuleInterceptsTooMuch'],
        unit: 'cpm',
        width: 12,
        height: 9,
        stacked: true,
        names: REASONS,
      },
      { expr: `60 * ${rate('ntk_interceptions_total', ['reason'])}`, legend: '{{reason}}' },
    ),
    metricLines(
      {
        title: 'Intercepted attempts by category',
        shows: 'Attempts a minute by the kind of personal data that was asked for; each attempt once.',
        worry: 'when one category appears that was never there.',
        alerts: ['NtkInterceptionSurge'],
        unit: 'cpm',
        width: 12,
        height: 9,
        stacked: true,
      },
      { expr: `60 * ${rate('ntk_intercepted_attempts_total', ['category'])}`, legend: '{{category}}' },
    ),
    metricLines(
      {
        title: 'Intercepted attempts by timing',
        shows: 'Attempts a minute: prevented, already refused, late.',
        worry: 'when late ones rise: some host does not wait for verdicts.',
        unit: 'cpm',
        width: 12,
        height: 8,
        names: TIMINGS,
      },
      { expr: `60 * ${rate('ntk_intercepted_attempts_total', ['timing'])}`, legend: '{{timing}}' },
    ),
    metricLines(
      {
        title: 'Verdicts',
        shows: 'Verdicts in effect, a minute.',
        worry: 'when flags or throttles take over what was allowed before.',
        unit: 'cpm',
        width: 12,
        height: 8,
        names: ACTIONS,
      },
      { expr: `60 * ${rate('ntk_verdicts_total', ['verdict'])}`, legend: '{{verdict}}' },
    ),
  ],
};

const RULES: Section = {
  title: 'What the rules find',
  panels: [
    metricLines(
      {
        title: 'Hit rate of each reason against its own past week',
        shows:
          'Findings of a reason as a share of all accesses in the last hour, divided by the same share in the week before that hour: 1 is as always. More programs or a busy hour do not move it; a reason that had no finding in that week has no line.',
        worry: 'above 5 with more than a handful of findings: the rule or what it looks at has changed.',
        type: ['ntk policy log', 'ntk policy rollback'],
        alerts: ['NtkFindingShareJump'],
        unit: 'none',
        decimals: 1,
        width: 12,
        height: 9,
        bad: { orange: 5 },
        names: REASONS,
      },
      { expr: `(${hitRate('1h')}) / (${hitRate('1w').replaceAll('[1w]', '[1w] offset 1h')})`, legend: '{{reason}}' },
    ),
    metricLines(
      {
        title: 'Would have been intercepted',
        shows: 'Findings a minute that a stricter mode would have intercepted, by reason: what observe and warn hold back.',
        worry: 'never by itself. Read it before a reason goes from observe to enforce.',
        type: ['ntk policy check FILE'],
        unit: 'cpm',
        width: 12,
        height: 9,
        stacked: true,
        names: REASONS,
      },
      { expr: `60 * ${rate('ntk_would_intercept_total', ['reason'])}`, legend: '{{reason}}' },
    ),
    metricLines(
      {
        title: 'Findings by action',
        shows: 'Findings a minute by the action that the policy gives them, whatever the mode makes of it.',
        worry: 'when findings to intercept rise while interceptions do not: the mode holds them back.',
        unit: 'cpm',
        width: 8,
        height: 8,
        names: ACTIONS,
      },
      { expr: `60 * ${rate('ntk_findings_total', ['action'])}`, legend: '{{action}}' },
    ),
    metricLines(
      {
        title: 'Refusals of limits',
        shows: 'A minute, by the limit of the policy. Shadow limits refuse without effect.',
        worry: 'when a limit refuses many programs at once: it may be too low.',
        type: ['ntk policy check FILE'],
        unit: 'cpm',
        width: 8,
        height: 8,
      },
      { expr: `60 * ${rate('ntk_limit_refusals_total{shadow="false"}', ['limit'])}`, legend: '{{limit}}' },
      { expr: `60 * ${rate('ntk_limit_refusals_total{shadow="true"}', ['limit'])}`, legend: '{{limit}} (shadow)' },
    ),
    metricLines(
      {
        title: 'Near a limit',
        shows: 'Accesses a minute that passed a limit with over 80 % of its tolerance used, by limit.',
        worry: 'when it is much more than what is refused: the limit is about to bite ordinary programs.',
        unit: 'cpm',
        width: 8,
        height: 8,
      },
      { expr: `60 * ${rate('ntk_near_limit_total', ['limit'])}`, legend: '{{limit}}' },
    ),
  ],
};

export const INTERCEPTIONS: Board = {
  uid: 'ntk-interceptions',
  title: 'Need to Know: interceptions',
  description: 'For trust-and-safety teams. Operational figures from Prometheus; those of a report come from ntk report.',
  variables: [METRICS],
  from: 'now-24h',
  refresh: '30s',
  sections: [STOPPED, RULES, BASELINES],
};
