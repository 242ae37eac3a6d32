/** Queries of panels: PromQL over the metrics, SQL over what is stored. */
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { CLICKHOUSE_PLUGIN_VERSION } from './board.ts';
import { METRICS_SOURCE, RESULTS_SOURCE } from './variables.ts';

const LETTERS = 'ABCDEFGH';

export interface Metric {
  readonly expr: string;
  /** `{{partition}}`, or a name. */
  readonly legend: string;
}

/** Values over the time shown, for lines. */
export function metricRanges(metrics: readonly Metric[]): Builder<Dataquery>[] {
  return metrics.map(({ expr, legend }, i) =>
    new DataqueryBuilder().refId(LETTERS[i]!).datasource(METRICS_SOURCE).expr(expr).range().legendFormat(legend),
  );
}

/** Values at the end of the time shown, for figures and tables. */
export function metricValues(metrics: readonly Metric[], format: 'figures' | 'table'): Builder<Dataquery>[] {
  return metrics.map(({ expr, legend }, i) =>
    new DataqueryBuilder()
      .refId(LETTERS[i]!)
      .datasource(METRICS_SOURCE)
      .expr(expr)
      .instant()
      .legendFormat(legend)
      .format(format === 'table' ? PromQueryFormat.Table : PromQueryFormat.TimeSeries),
  );
}

/** What the plugin calls it: 0 makes series of a column `time`, 1 a table. */
const FORMATS = { series: 0, table: 1 } as const;

interface ClickHouseQuery extends Dataquery {
  readonly refId: string;
  readonly datasource: typeof RESULTS_SOURCE;
  readonly editorType: 'sql';
  readonly queryType: 'timeseries' | 'table';
  readonly format: number;
  readonly pluginVersion: string;
  readonly rawSql: string;
}

/** One statement for the ClickHouse plugin, as its SQL editor saves it. */
export function statement(sql: string, format: keyof typeof FORMATS): Builder<Dataquery>[] {
  const query: Omit<ClickHouseQuery, '_implementsDataqueryVariant'> = {
    refId: 'A',
    datasource: RESULTS_SOURCE,
    editorType: 'sql',
    queryType: format === 'series' ? 'timeseries' : 'table',
    format: FORMATS[format],
    pluginVersion: CLICKHOUSE_PLUGIN_VERSION,
    rawSql: sql.trim(),
  };
  // The marker by which the library knows queries is a function, which JSON leaves out.
  return [{ build: () => ({ ...query, _implementsDataqueryVariant: () => {} }) }];
}
