/**
 * Writes docs/metrics.md from the definitions in services/platform/metrics. `node scripts/metrics-page.ts [--check]`; with `--check`
 * nothing is written, and the exit code is 1 when the page is not as it would be.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { ALL_METRICS, METRIC_SECTIONS } from '../services/platform/metrics/all-metrics.ts';
import { type AnyDefinition, type LabelValues, seriesMax } from '../services/platform/metrics/definition.ts';

const FILE = join(import.meta.dirname, '../docs/metrics.md');

const INTRODUCTION = `# Metrics

Every process serves \`/metrics\` for Prometheus. This page is made from their definitions (\`npm run metrics:docs\`) and checked against them.
How to watch with them: [operating.md](operating.md).

- Names follow Prometheus: base units, \`_total\` for counters. They are operational figures: a process counts from its start, after each
  commit. What has to be exact is asked of the store (\`ntk report\`, \`ntk query\`).
- **Of** says which process has a metric; \`ntk up\` has all of them. Where several scorers share the partitions, add counters up with
  \`sum\`, and take \`max by (partition)\` of what is said of a partition.
- No label carries a program, a user or a purpose. What senders choose freely is bounded: a _source_ is shown when \`NTK_SOURCES\`
  lists it; where that is not set, when it looks like the name of a host (\`host/wechat-ios\`, not \`u_8f3a9c12\`), and at most 200 of them.
  Where senders are not trusted with that, list the sources: then no text of theirs is ever shown, and one that never reports is missed.
- Counters whose labels can be listed begin at 0. Of \`ntk_interceptions_total\` and \`ntk_would_intercept_total\` those begin at 0 that the
  policy in force makes possible.
`;

function page(): string {
  const sections = METRIC_SECTIONS.map(
    ({ title, definitions }) => `## ${title}\n\n${table(definitions)}${title === 'Every process' ? `\n${ofNode()}` : ''}`,
  );
  return [INTRODUCTION, ...sections, labels(), series()].join('\n');
}

function table(definitions: readonly AnyDefinition[]): string {
  const rows = definitions.map((one) => [
    nameOf(one),
    `${one.type}, ${one.unit}`,
    one.by.map((exporter) => (exporter === 'process' ? 'all' : exporter)).join(', '),
    one.help,
    one.worry ?? '',
  ]);
  return aligned([['metric', 'type and unit', 'of', 'is', 'worry when'], ...rows]);
}

function nameOf({ name, labels }: AnyDefinition): string {
  const names = Object.keys(labels);
  return `\`${name}${names.length === 0 ? '' : `{${names.join(',')}}`}\``;
}

/** A label means the same wherever it stands, but not always with the same values. */
function labels(): string {
  const metricsOf = new Map<LabelValues, { readonly label: string; readonly metrics: string[] }>();
  for (const { name, labels: own } of ALL_METRICS) {
    for (const [label, values] of Object.entries(own)) {
      const known = metricsOf.get(values) ?? { label, metrics: [] };
      metricsOf.set(values, known);
      known.metrics.push(`\`${name}\``);
    }
  }
  const lines = [...metricsOf].map(
    ([values, { label, metrics }]) => `- \`${label}\` of ${metrics.join(', ')}: ${inWords(values)}\n`,
  );
  return `## Labels\n\n${lines.join('')}`;
}

function inWords({ values, says }: LabelValues): string {
  return values === undefined ? says : values.map((value) => `\`${value}\``).join(', ');
}

function ofNode(): string {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const names = registry.getMetricsAsArray().map(({ name }) => `\`${name}\``);
  return `Beside it those of the process and of Node, as prom-client has them:\n${names.join(',\n')}.\n`;
}

function series(): string {
  const most = ALL_METRICS.reduce((sum, one) => sum + seriesMax(one), 0);
  return `## How many series

One process has at most ${most.toLocaleString('en-US')} series, in a log of 1,024 partitions that are all its own, with every policy and source there can be; an embedded
system with the default policy has about 2,500.
`;
}

function aligned([head, ...rows]: readonly (readonly string[])[]): string {
  const widths = head!.map((_, column) => Math.max(...[head!, ...rows].map((row) => [...row[column]!].length)));
  const line = (row: readonly string[]): string => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [line(head!), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line), ''].join('\n');
}

const made = page();
if (process.argv.includes('--check')) {
  const isRight = readFileSync(FILE, 'utf8') === made;
  process.stdout.write(
    isRight ? 'metrics page: up to date\n' : 'metrics page: run `npm run metrics:docs` and commit docs/metrics.md\n',
  );
  process.exitCode = isRight ? 0 : 1;
} else writeFileSync(FILE, made);
// The observers of prom-client would keep the process.
process.exit();
