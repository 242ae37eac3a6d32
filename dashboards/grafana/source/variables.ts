/**
 * Variables of the boards. What people type or pick, and what an address brings (`?var-program=...`), is hostile: program ids are
 * chosen by whoever sends. `${name:sqlstring}` doubles quotes and leaves backslashes alone, and in ClickHouse a backslash takes the
 * first of the two quotes away: `\' OR 1 --` ends the string. So a value travels percent-encoded, which leaves letters, digits and
 * `-_.~%`, and ClickHouse decodes it: `decodeURLComponent('${name:percentencode}')` is a string whatever is in it.
 */
import type { DataSourceRef, VariableModel } from '@grafana/grafana-foundation-sdk/dashboard';
import { VariableHide, VariableRefresh, VariableSort, VariableType } from '@grafana/grafana-foundation-sdk/dashboard';
import { CLICKHOUSE_PLUGIN_VERSION } from './board.ts';

const CLICKHOUSE = 'grafana-clickhouse-datasource';
/** By variable, so that a board can be loaded where the sources have other names; at first those of provisioning/. */
export const METRICS_SOURCE = { type: 'prometheus', uid: '${metrics}' } as const satisfies DataSourceRef;
export const RESULTS_SOURCE = { type: CLICKHOUSE, uid: '${results}' } as const satisfies DataSourceRef;

function source(name: string, label: string, plugin: string, uid: string): VariableModel {
  return {
    type: VariableType.Datasource,
    name,
    label,
    query: plugin,
    current: { text: uid, value: uid, selected: true },
    hide: VariableHide.DontHide,
    refresh: VariableRefresh.OnDashboardLoad,
    regex: '',
    multi: false,
    includeAll: false,
    options: [],
    skipUrlSync: false,
  };
}

export const METRICS: VariableModel = source('metrics', 'Metrics', 'prometheus', 'ntk-prometheus');
export const RESULTS: VariableModel = source('results', 'Results', CLICKHOUSE, 'ntk-clickhouse');

/** Where the pages of docs/ are served. Not in the address: a link that somebody sends could lead elsewhere. */
export function docsVariable(url: string): VariableModel {
  return {
    type: VariableType.Constant,
    name: 'docs',
    label: 'Where docs/ is served',
    query: url,
    current: { text: url, value: url, selected: true },
    hide: VariableHide.HideVariable,
    skipUrlSync: true,
    options: [{ text: url, value: url, selected: true }],
  };
}

/** A variable's value as an SQL string. */
export function sqlText(name: string): string {
  return `decodeURLComponent('\${${name}:percentencode}')`;
}

function asked(name: string, label: string, description: string, sql: string): VariableModel {
  return {
    type: VariableType.Query,
    name,
    label,
    description,
    datasource: RESULTS_SOURCE,
    query: {
      refId: name,
      editorType: 'sql',
      queryType: 'table',
      format: 1,
      pluginVersion: CLICKHOUSE_PLUGIN_VERSION,
      rawSql: sql,
    },
    current: { text: '', value: '' },
    hide: VariableHide.DontHide,
    refresh: VariableRefresh.OnDashboardLoad,
    regex: '',
    // As the query orders them.
    sort: VariableSort.Disabled,
    multi: false,
    includeAll: false,
    allowCustomValue: false,
    options: [],
    skipUrlSync: false,
  };
}

/** Of the results of several logs one is looked at, as with `--log`: programs of two logs may have the same ids. */
export const LOG: VariableModel = asked(
  'log',
  'Log',
  'Which log, where ClickHouse has the results of several; what --log is for commands',
  'SELECT toString(log_id) AS log FROM ntk.blocks GROUP BY log_id ORDER BY max(scored_at) DESC',
);

export const SEARCH: VariableModel = {
  type: VariableType.Textbox,
  name: 'search',
  label: 'Search',
  description: 'Part of a program id or of a developer id; the list beside it shows what fits',
  query: '',
  current: { text: '', value: '' },
  hide: VariableHide.DontHide,
  options: [],
  skipUrlSync: false,
};

/** Programs in the list; more are found by searching. */
const PROGRAMS_MAX = 500;

const PROGRAMS = asked(
  'program',
  'Program',
  'Those with most interceptions first; an id can be pasted, too',
  `SELECT program FROM ntk.access_results FINAL
WHERE log_id = toUUIDOrZero(${sqlText('log')})
  AND (positionCaseInsensitiveUTF8(program, ${sqlText('search')}) > 0 OR positionCaseInsensitiveUTF8(developer, ${sqlText('search')}) > 0)
GROUP BY program ORDER BY countIf(verdict = 'intercept') DESC, count() DESC, program LIMIT ${PROGRAMS_MAX}`,
);
export const PROGRAM: VariableModel = { ...PROGRAMS, allowCustomValue: true };
