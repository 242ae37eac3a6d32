/**
 * What becomes of a query on its way from a panel to its source, for the macros and formats that the boards use.
 *
 * SQL: Grafana puts in the variables (`${name:format}`; scenes, variables/interpolation/formatRegistry.ts), then the ClickHouse plugin
 * its macros (its README, "Macros"; pkg/macros/macros.go, 4.x). PromQL: the Prometheus source ("Template variables" of its pages).
 * What is not known here is an error, so that no panel uses what no test has expanded.
 */
export interface Shown {
  readonly fromMs: number;
  readonly toMs: number;
  /** Width of a bar of the panel. @default 60000 */
  readonly intervalMs?: number;
  readonly variables?: Readonly<Record<string, string>>;
}

/** As Grafana does it: encodeURIComponent(), and `!'()*` as well. */
function percentEncoded(value: string): string {
  return encodeURIComponent(value).replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Quotes doubled, double quotes with a backslash, backslashes as they are: for showing what it lets through. */
export function sqlString(value: string): string {
  return `'${value.replaceAll("'", "''").replaceAll('"', '\\"')}'`;
}

const FORMATS: Readonly<Record<string, (value: string) => string>> = { percentencode: percentEncoded, sqlstring: sqlString };

function withVariables(query: string, variables: Readonly<Record<string, string>>): string {
  return query.replaceAll(/\$\{(\w+)(?::(\w+))?\}/g, (whole, name: string, format: string | undefined) => {
    const value = variables[name];
    const formatted = FORMATS[format ?? ''];
    if (value === undefined || formatted === undefined) throw new Error(`${whole}: no such variable or format here`);
    return formatted(value);
  });
}

const milli = (ms: number): string => `fromUnixTimestamp64Milli(${ms})`;
const second = (ms: number): string => `toDateTime(${Math.floor(ms / 1000)})`;

/** SQL as the plugin sends it to ClickHouse. */
export function expandSql(sql: string, { fromMs, toMs, intervalMs = 60_000, variables = {} }: Shown): string {
  const seconds = Math.max(1, Math.trunc(intervalMs / 1000));
  const expanded = withVariables(sql, variables)
    .replaceAll(
      /\$__timeFilter_ms\(([^()]*)\)/g,
      (_, column: string) => `${column} >= ${milli(fromMs)} AND ${column} <= ${milli(toMs)}`,
    )
    .replaceAll(
      /\$__timeFilter\(([^()]*)\)/g,
      (_, column: string) => `${column} >= ${second(fromMs)} AND ${column} <= ${second(toMs)}`,
    )
    .replaceAll(
      /\$__timeInterval_ms\(([^()]*)\)/g,
      (_, column: string) => `toStartOfInterval(toDateTime64(${column}, 3), INTERVAL ${Math.max(1, intervalMs)} millisecond)`,
    )
    .replaceAll(
      /\$__timeInterval\(([^()]*)\)/g,
      (_, column: string) => `toStartOfInterval(toDateTime(${column}), INTERVAL ${seconds} second)`,
    )
    .replaceAll(/\$__fromTime_ms\b/g, milli(fromMs))
    .replaceAll(/\$__toTime_ms\b/g, milli(toMs))
    .replaceAll(/\$__fromTime\b/g, second(fromMs))
    .replaceAll(/\$__toTime\b/g, second(toMs))
    .replaceAll(/\$__interval_s\b/g, String(seconds));
  const left = /\$\{?\w+/.exec(expanded)?.[0];
  if (left !== undefined) throw new Error(`${left} is not expanded`);
  return expanded;
}

/** PromQL as the Prometheus source sends it. */
export function expandPromQl(
  expr: string,
  { rangeSeconds, rateIntervalSeconds }: { rangeSeconds: number; rateIntervalSeconds: number },
): string {
  const expanded = expr
    .replaceAll(/\$__range\b/g, `${rangeSeconds}s`)
    .replaceAll(/\$__rate_interval\b/g, `${rateIntervalSeconds}s`);
  const left = /\$\{?\w+/.exec(expanded)?.[0];
  if (left !== undefined) throw new Error(`${left} is not expanded`);
  return expanded;
}
