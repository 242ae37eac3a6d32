/** For analysts: the headline of `ntk report interceptions` with its breakdowns, and what the figures rest on. */
import { ACTIONS } from '../../../schemas/codes.ts';
import {
  byCategorySql,
  byClassSql,
  byReasonSql,
  headlineSql,
  ledgerSql,
  topProgramsSql,
} from '../../../services/domain/report/queries.ts';
import type { Board, Section } from './board.ts';
import { metricFigures, resultFigures, resultLines, resultTable } from './panels.ts';
import { DAY, HEADLINE_COLUMNS, IN_RANGE, LEDGER_OF_LOG, ROWS_OF_LOG } from './stored-rows.ts';
import { LOG, METRICS, RESULTS } from './variables.ts';

const REPORT = 'ntk report interceptions --from 2026-11-01 --to 2026-12-01';
const ATTEMPTS = { name: 'attempts', bar: true };

const HEADLINE: Section = {
  title: 'Headline, as ntk report interceptions gives it for the same times',
  panels: [
    resultFigures(
      {
        title: 'Intercepted',
        shows:
          'Attempts intercepted, by how many programs, of how many users; of these prevented (the host waited), already refused, and late. Times are event times; the end of the time shown is not included.',
        worry: 'when late is not near 0: those hosts do not wait for verdicts.',
        type: [REPORT],
        alerts: ['NtkInterceptionSurge'],
        unit: 'short',
        width: 24,
        height: 5,
      },
      `SELECT ${HEADLINE_COLUMNS} FROM (${headlineSql(IN_RANGE)})`,
    ),
    resultFigures(
      {
        title: 'Accesses by verdict',
        shows: 'All accesses, and how many had which verdict in effect.',
        worry: 'never by itself.',
        type: [REPORT],
        unit: 'short',
        width: 16,
        height: 5,
      },
      `SELECT accesses AS "Accesses", allow AS "Allowed", flag AS "Flagged", throttle AS "Throttled", intercept AS "Intercepted" FROM (${headlineSql(IN_RANGE)})`,
    ),
    resultFigures(
      {
        title: 'Would have been intercepted',
        shows: 'Attempts that the policy proposes to intercept and its modes let pass, and of how many programs.',
        worry: 'never by itself: it is what enforcing would change.',
        type: [REPORT],
        unit: 'short',
        width: 8,
        height: 5,
      },
      `SELECT would_attempts AS "Attempts", would_programs AS "Programs" FROM (${headlineSql(IN_RANGE)})`,
    ),
    resultLines(
      {
        title: 'Verdicts over time',
        shows: 'Accesses by verdict; a bar is as long as fits the width of the panel.',
        worry: 'when interceptions begin at one moment: look at the policy of that moment.',
        type: ['ntk policy log'],
        unit: 'short',
        width: 12,
        height: 9,
        stacked: true,
        names: ACTIONS,
      },
      `SELECT $__timeInterval_ms(event_time) AS time, ${ACTIONS.map((action) => `countIf(verdict = '${action}') AS ${action}`).join(', ')}
FROM ntk.access_results FINAL WHERE ${IN_RANGE}
GROUP BY time ORDER BY time`,
    ),
    resultTable(
      {
        title: 'By day',
        shows:
          'For each day (UTC): accesses, attempts intercepted, programs and users of them, and what would have been intercepted.',
        worry: 'when a day is missing that should not be: hosts were silent, or nothing was stored.',
        type: [REPORT],
        unit: 'short',
        width: 12,
        height: 9,
      },
      [{ name: 'day', unit: 'string' }],
      `SELECT formatDateTime(${DAY}, '%Y-%m-%d') AS day, count() AS accesses, countIf(verdict = 'intercept') AS attempts,
  uniqExactIf(program, verdict = 'intercept') AS programs, uniqExactIf(user, verdict = 'intercept') AS users,
  countIf(proposed = 'intercept' AND verdict < 'intercept') AS "would have been"
FROM ntk.access_results FINAL WHERE ${IN_RANGE}
GROUP BY day ORDER BY day DESC LIMIT 400`,
    ),
  ],
};

const BREAKDOWNS: Section = {
  title: 'Intercepted attempts, by',
  panels: [
    resultTable(
      {
        title: 'By reason',
        shows:
          'An attempt counts once under each of its reasons whose action in effect is to intercept, so the sum may be above the headline.',
        worry: 'when one reason is nearly all of it and was not before.',
        type: [REPORT],
        alerts: ['NtkRuleInterceptsTooMuch'],
        unit: 'short',
        width: 8,
        height: 10,
      },
      [{ name: 'name', title: 'reason' }, ATTEMPTS],
      byReasonSql(IN_RANGE),
    ),
    resultTable(
      {
        title: 'By category',
        shows: 'The kind of personal data that was asked for.',
        worry: 'when a kind is there that no program has a use for.',
        type: [REPORT],
        unit: 'short',
        width: 8,
        height: 10,
      },
      [{ name: 'name', title: 'category' }, ATTEMPTS],
      byCategorySql(IN_RANGE),
    ),
    resultTable(
      {
        title: 'By class',
        shows: 'What kind of program it was, by its declaration at the time; undeclared without one.',
        worry: 'when undeclared leads: programs are on the platform without a declaration.',
        type: [REPORT],
        unit: 'short',
        width: 8,
        height: 10,
      },
      [{ name: 'name', title: 'class' }, ATTEMPTS],
      byClassSql(IN_RANGE),
    ),
    resultTable(
      {
        title: 'Top programs',
        shows: 'The ten programs with most attempts intercepted; each leads to its own board.',
        worry: 'when one program is most of it: see its board before anything else.',
        type: ['ntk explain --program=ID --limit 20'],
        unit: 'short',
        width: 24,
        height: 10,
      },
      [{ name: 'program', opensProgram: true }, ATTEMPTS],
      topProgramsSql(IN_RANGE),
    ),
  ],
};

const QUALITY: Section = {
  title: 'What the figures rest on: the whole log, whatever the time shown',
  panels: [
    resultFigures(
      {
        title: 'Records by the ledger',
        shows: 'Records read, which are accesses, facts, duplicates and rejects together, and each of them.',
        worry: 'when rejects are many: what could not be read is not in any figure.',
        type: ['ntk rejects list', REPORT],
        alerts: ['NtkRejectsJump'],
        unit: 'short',
        width: 14,
        height: 5,
      },
      `SELECT rejected + duplicates + facts + accesses AS "Records read", accesses AS "Accesses", facts AS "Facts",
  duplicates AS "Duplicates", rejected AS "Rejected" FROM (${ledgerSql(LEDGER_OF_LOG)})`,
    ),
    resultFigures(
      {
        title: 'Rows against the ledger',
        shows:
          'Rows stored, rows that the ledger says there should be, and erasures that were asked for. Where nobody was erased the two are the same.',
        worry: 'when fewer rows are stored and no user was erased: rows are missing. Prove it, then repair.',
        type: ['ntk verify', 'ntk repair'],
        unit: 'short',
        width: 10,
        height: 5,
      },
      // Every partition has a copy of an erasure and removes rows of its own; as a fact it counts once.
      `SELECT (SELECT count() FROM ntk.access_results FINAL WHERE ${ROWS_OF_LOG}) AS "Rows stored", accesses AS "Rows by the ledger",
  (SELECT sum(facts['ntk.erasure']) FROM ntk.blocks FINAL WHERE ${LEDGER_OF_LOG} AND kind = 'block') AS "Erasures" FROM (${ledgerSql(LEDGER_OF_LOG)})`,
    ),
    resultFigures(
      {
        title: 'Rows missing',
        shows:
          'Rows by the ledger that are not stored although nobody was erased, and ranges of the log that were accepted as lost.',
        worry: 'above 0: a report says complete: false.',
        type: ['ntk verify', 'ntk repair'],
        alerts: ['NtkGapAccepted'],
        unit: 'short',
        width: 8,
        height: 5,
        bad: { red: 1 },
      },
      `SELECT if(erasures > 0, 0, greatest(toInt64(accesses) - toInt64((SELECT count() FROM ntk.access_results FINAL WHERE ${ROWS_OF_LOG})), 0)) AS "Rows missing",
  (SELECT count() FROM ntk.blocks FINAL WHERE ${LEDGER_OF_LOG} AND kind = 'gap') AS "Gaps accepted" FROM (${ledgerSql(LEDGER_OF_LOG)})`,
    ),
    metricFigures(
      {
        title: 'Not in these figures yet',
        shows:
          'Records of the log that are not judged, and records judged that are not stored. ClickHouse cannot know of them; a report counts both as unwritten.',
        worry: 'when it grows for minutes.',
        type: [REPORT],
        alerts: ['NtkLagRecords', 'NtkUnwrittenLag'],
        unit: 'short',
        width: 8,
        height: 5,
      },
      { expr: 'sum(max by (partition) (ntk_lag_records))', legend: 'not judged' },
      { expr: 'sum(max by (partition) (ntk_unwritten_records))', legend: 'not stored' },
    ),
    resultTable(
      {
        title: 'Rejects by reason',
        shows: 'Records that could not be read, by the ledger.',
        worry: 'when invalid_data leads: a host sends something else than agreed.',
        type: ['ntk rejects list', 'ntk rejects show ID'],
        alerts: ['NtkRejectsJump'],
        unit: 'short',
        width: 8,
        height: 8,
        noValue: 'none',
      },
      [{ name: 'rejects', bar: true }],
      `SELECT reason, sum(n) AS rejects FROM (SELECT rejects AS r FROM ntk.blocks FINAL WHERE ${LEDGER_OF_LOG} AND kind = 'block')
ARRAY JOIN mapKeys(r) AS reason, mapValues(r) AS n GROUP BY reason HAVING rejects > 0 ORDER BY rejects DESC, reason`,
    ),
    resultTable(
      {
        title: 'Ledger by partition',
        shows: 'How far each partition is stored, in how many blocks, by which engines, and when the newest was judged.',
        worry: 'when one partition is far behind the others in time: it stands still.',
        type: ['ntk verify'],
        alerts: ['NtkPartitionStopped'],
        unit: 'short',
        width: 16,
        height: 8,
      },
      [
        { name: 'newest', unit: 'dateTimeAsIso' },
        { name: 'partition', unit: 'none' },
        { name: 'engines', unit: 'string' },
      ],
      `SELECT partition, max(b.next) AS "stored up to", countIf(kind = 'block') AS blocks, sum(b.accesses) AS accesses,
  arrayStringConcat(arrayMap(e -> toString(e), arraySort(groupUniqArrayIf(b.engine, kind = 'block'))), ', ') AS engines, max(b.scored_at) AS newest
FROM ntk.blocks AS b FINAL WHERE ${LEDGER_OF_LOG} GROUP BY partition ORDER BY partition`,
    ),
    resultTable(
      {
        title: 'Accepted gaps',
        shows: 'Ranges of the log that were lost outside and accepted as lost: by whom, and why. They stay for good.',
        worry: 'when there is one that you do not know of.',
        type: ['ntk verify'],
        alerts: ['NtkGapAccepted'],
        unit: 'string',
        width: 8,
        height: 8,
        noValue: 'none',
      },
      [
        { name: 'partition', unit: 'none' },
        { name: 'from', unit: 'none' },
        { name: 'to', unit: 'none' },
      ],
      `SELECT partition, first AS "from", next AS "to", accepted_by AS "accepted by", reason
FROM ntk.blocks FINAL WHERE ${LEDGER_OF_LOG} AND kind = 'gap' ORDER BY partition, first, state_to`,
    ),
  ],
};

export const ANALYST_VIEW: Board = {
  uid: 'ntk-analyst-view',
  title: 'Need to Know: analyst view',
  description:
    'For analysts. The figures of ntk report interceptions, from ClickHouse, counted in the same way for the time shown.',
  variables: [RESULTS, METRICS, LOG],
  from: 'now-30d',
  refresh: '',
  sections: [HEADLINE, BREAKDOWNS, QUALITY],
};
