/** About one program: what it takes, what is found, and what its developer has to do. For reviewers and for answering an appeal. */
import { ACTIONS } from '../../../schemas/codes.ts';
import { headlineSql } from '../../../services/domain/report/queries.ts';
import type { Board, Section } from './board.ts';
import { resultFigures, resultLines, resultTable, words } from './panels.ts';
import { DAY, EXPLAIN_COMMAND, HEADLINE_COLUMNS, IN_RANGE, OF_PROGRAM, ROWS_OF_LOG, TIMING } from './stored-rows.ts';
import { LOG, PROGRAM, RESULTS, SEARCH } from './variables.ts';

const ITS_ROWS = `${IN_RANGE} AND ${OF_PROGRAM}`;
const LATEST_MAX = 50;
const EXPLAIN = 'ntk explain --program=ID --limit 20';

const WHO: Section = {
  title: 'Who it is, and what it did',
  panels: [
    resultTable(
      {
        title: 'The program',
        shows:
          'Developer, class and declaration version at its newest access, whatever the time shown; first and last access; policy that judged the last one.',
        worry: 'when the class is undeclared: there is no declaration, and nothing that it takes is covered by one.',
        type: ['ntk drift'],
        unit: 'string',
        width: 24,
        height: 4,
      },
      [
        { name: 'first access', unit: 'dateTimeAsIso' },
        { name: 'last access', unit: 'dateTimeAsIso' },
        { name: 'declaration version', unit: 'none' },
      ],
      `SELECT program, argMax(developer, place) AS developer, argMax(class, place) AS class,
  argMax(declaration_version, place) AS "declaration version", min(event_time) AS "first access", max(event_time) AS "last access",
  toString(argMax(policy_hash, place)) AS policy
FROM (SELECT *, (partition, offset) AS place FROM ntk.access_results FINAL WHERE ${ROWS_OF_LOG} AND ${OF_PROGRAM})
GROUP BY program`,
    ),
    resultFigures(
      {
        title: 'Interceptions within the time shown',
        shows:
          'Attempts of this program that were intercepted, of how many users, and what came of them. Programs is 1 where there are any.',
        worry: 'when late ones come: the data was out before the verdict.',
        type: [EXPLAIN],
        unit: 'short',
        width: 14,
        height: 5,
      },
      `SELECT ${HEADLINE_COLUMNS} FROM (${headlineSql(ITS_ROWS)})`,
    ),
    resultFigures(
      {
        title: 'Accesses within the time shown',
        shows: 'All accesses of this program, distinct users of them, and those that a stricter mode would have intercepted.',
        worry: 'never by itself.',
        unit: 'short',
        width: 10,
        height: 5,
      },
      `SELECT count() AS "Accesses", uniqExact(user) AS "Users",
  countIf(proposed = 'intercept' AND verdict < 'intercept') AS "Would have been intercepted"
FROM ntk.access_results FINAL WHERE ${ITS_ROWS}`,
    ),
    resultLines(
      {
        title: 'Verdicts by day',
        shows: 'Accesses of each day (UTC) by the verdict in effect.',
        worry: 'when interceptions begin on one day: what changed then, the program or the policy?',
        type: ['ntk policy log'],
        unit: 'short',
        width: 24,
        height: 8,
        stacked: true,
        names: ACTIONS,
      },
      `SELECT ${DAY} AS time, ${ACTIONS.map((action) => `countIf(verdict = '${action}') AS ${action}`).join(', ')}
FROM ntk.access_results FINAL WHERE ${ITS_ROWS}
GROUP BY time ORDER BY time`,
    ),
  ],
};

const WHY: Section = {
  title: 'Why, and what the developer has to do',
  panels: [
    resultTable(
      {
        title: 'Reasons and their remedies',
        shows:
          'Findings by reason, how many of them intercepted, and the remedy as its developer was told it, from the newest access with this finding alone. Without such a one, of the newest access with it: that remedy may be for a graver finding. Empty where the policy does nothing about it.',
        worry: 'never by itself: it is what to answer a developer who asks.',
        type: [EXPLAIN],
        unit: 'short',
        width: 24,
        height: 9,
      },
      [
        { name: 'reason', width: 220 },
        { name: 'findings', width: 110 },
        { name: 'intercepted', width: 110 },
        { name: 'newest', unit: 'dateTimeAsIso', width: 200 },
      ],
      `SELECT reason, count() AS findings, countIf(effect = 'intercept') AS intercepted, max(event_time) AS newest,
  if(countIf(alone AND told) > 0, argMaxIf(remedy, place, alone AND told), argMaxIf(remedy, place, told)) AS remedy
FROM (
  SELECT reasons, effective, event_time, (partition, offset) AS place, length(reasons) = 1 AS alone,
    JSONExtractString(evidence, 'remedy') AS remedy, remedy != '' AS told
  FROM ntk.access_results FINAL WHERE ${ITS_ROWS}
) ARRAY JOIN reasons AS reason, effective AS effect
GROUP BY reason ORDER BY intercepted DESC, findings DESC, reason`,
    ),
    resultTable(
      {
        title: 'Kinds of data',
        shows: 'Accesses by category, those intercepted, distinct users, and rows and bytes returned or asked for.',
        worry: 'when a kind of data is there that the program has no use for.',
        type: ['ntk explain --program=ID --category=photos'],
        unit: 'short',
        width: 24,
        height: 9,
      },
      [
        { name: 'bytes', unit: 'bytes' },
        { name: 'accesses', bar: true },
      ],
      `SELECT category, count() AS accesses, countIf(verdict = 'intercept') AS intercepted, uniqExact(user) AS users,
  sum(rows) AS rows, sum(bytes) AS bytes
FROM (SELECT category, verdict, user, rows, bytes FROM ntk.access_results FINAL WHERE ${ITS_ROWS})
GROUP BY category ORDER BY accesses DESC, category`,
    ),
    resultTable(
      {
        title: 'Latest interceptions',
        shows: `The newest ${LATEST_MAX} interceptions, with what to type to see every check of one.`,
        worry: 'never by itself.',
        type: [`${EXPLAIN} --recompute`],
        unit: 'string',
        width: 24,
        height: 12,
        noValue: 'none within the time shown',
      },
      [
        { name: 'time', unit: 'dateTimeAsIso', width: 200 },
        { name: 'declaration version', unit: 'none' },
        { name: 'to type', width: 520 },
      ],
      `SELECT event_time AS time, category, api, purpose, arrayStringConcat(arrayMap(r -> toString(r), reasons), ', ') AS reasons, ${TIMING} AS timing,
  declaration_version AS "declaration version", event_id, source, ${EXPLAIN_COMMAND} AS "to type"
FROM ntk.access_results FINAL WHERE ${ITS_ROWS} AND verdict = 'intercept'
ORDER BY event_time DESC, partition, offset DESC LIMIT ${LATEST_MAX}`,
    ),
  ],
};

const HOW_TO: Section = {
  title: 'How to use it',
  panels: [
    words(
      'What to type',
      'Which command answers what.',
      24,
      7,
      `**Find a program** with part of its id, or of its developer's, in *Search*; then pick it in *Program*.

| you want | type |
| --- | --- |
| every check of one access, proved from the log | the command in *Latest interceptions*, with \`--recompute\` |
| all accesses of the program explained | \`ntk explain --program=ID --limit 20\` |
| what it declares against what it calls | \`ntk drift\` |
| figures to hand over | \`ntk report interceptions --format html --output report.html\` |

How an appeal is answered: [answer an appeal](\${docs}/guides/answer-an-appeal.md). Users are counted and never listed.`,
    ),
  ],
};

export const ONE_PROGRAM: Board = {
  uid: 'ntk-one-program',
  title: 'Need to Know: one program',
  description:
    'For reviewers: one program, its accesses, what was found and what its developer has to do. Exact, from ClickHouse.',
  variables: [RESULTS, LOG, SEARCH, PROGRAM],
  from: 'now-30d',
  refresh: '',
  sections: [WHO, WHY, HOW_TO],
};
