/** Kinds of panels. Each says what it shows and when to worry, has a unit, and is coloured as bad only where a value is bad. */
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphDrawStyle,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  StackingMode,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import * as common from '@grafana/grafana-foundation-sdk/common';
import type { DynamicConfigValue, Panel, ThresholdsConfig } from '@grafana/grafana-foundation-sdk/dashboard';
import {
  DashboardLinkBuilder,
  DashboardLinkType,
  FieldColorBuilder,
  FieldColorModeId,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TextBuilder, TextMode } from '@grafana/grafana-foundation-sdk/text';
import { PanelBuilder as LinesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import type { SizedPanel } from './board.ts';
import { type Metric, metricRanges, metricValues, statement } from './queries.ts';
import { METRICS_SOURCE, RESULTS_SOURCE } from './variables.ts';

/** Grafana's ids of units that occur here. `short` is a bare number, `sishort` one with k and M. */
export type Unit = 'short' | 'sishort' | 's' | 'bytes' | 'percentunit' | 'cps' | 'cpm' | 'dateTimeAsIso' | 'string' | 'none';

/** From which value on something is bad. */
export interface Bad {
  readonly orange?: number;
  readonly red?: number;
}

export interface PanelWords {
  readonly title: string;
  readonly shows: string;
  readonly worry: string;
  /** Commands to type. */
  readonly type?: readonly string[];
  /** Alerts whose runbook pages it links to; a page is called after its alert: `NtkHeartbeatMissing`. */
  readonly alerts?: readonly string[];
}

export interface Look extends PanelWords {
  readonly unit: Unit;
  readonly width: number;
  readonly height: number;
  readonly bad?: Bad;
  readonly decimals?: number;
  /** Where there is nothing to show. */
  readonly noValue?: string;
}

const OPERATIONAL = '*Operational: for watching. Report figures come from `ntk report`.*';
const EXACT = '*Exact: counts rows by their identity, as far as the ledger reaches, like `ntk report`.*';

function description({ shows, worry, type = [] }: PanelWords, kind: string): string {
  const commands = type.length === 0 ? [] : [`**Type** ${type.map((command) => `\`${command}\``).join(', ')}`];
  return [shows, `**Worry** ${worry}`, ...commands, kind].join('\n\n');
}

/** `heartbeat missing`, of `NtkHeartbeatMissing`. */
function alertInWords(alert: string): string {
  return alert
    .replace(/^Ntk/, '')
    .replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, ' ')
    .toLowerCase();
}

function runbookLinks(alerts: readonly string[] = []): DashboardLinkBuilder[] {
  return alerts.map((alert) =>
    new DashboardLinkBuilder(`Runbook: ${alertInWords(alert)}`)
      .type(DashboardLinkType.Link)
      .url(`\${docs}/runbook/${alert}.md`)
      .targetBlank(true),
  );
}

function thresholds({ orange, red }: Bad = {}): Builder<ThresholdsConfig> {
  const steps = [
    { value: null, color: orange === undefined && red === undefined ? 'blue' : 'green' },
    ...(orange === undefined ? [] : [{ value: orange, color: 'orange' }]),
    ...(red === undefined ? [] : [{ value: red, color: 'red' }]),
  ];
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps);
}

/** What all kinds have in common. */
interface Dressable {
  title(title: string): this;
  description(text: string): this;
  links(links: DashboardLinkBuilder[]): this;
  unit(unit: string): this;
  decimals(decimals: number): this;
  noValue(text: string): this;
  thresholds(thresholds: Builder<ThresholdsConfig>): this;
  targets(targets: Builder<Dataquery>[]): this;
}

function dress<Kind extends Dressable>(builder: Kind, look: Look, targets: Builder<Dataquery>[], kind: string): Kind {
  builder
    .title(look.title)
    .description(description(look, kind))
    .links(runbookLinks(look.alerts))
    .unit(look.unit)
    .thresholds(thresholds(look.bad))
    .targets(targets);
  if (look.decimals !== undefined) builder.decimals(look.decimals);
  if (look.noValue !== undefined) builder.noValue(look.noValue);
  return builder;
}

function sized({ width, height }: Look, builder: Builder<Panel>): SizedPanel {
  const panel = builder.build();
  // The library's tables have the footer of before Grafana 12.1.
  const { footer: _, ...options } = panel.options as Record<string, unknown>;
  return { width, height, panel: { ...panel, options } };
}

/** Red and orange mean bad, so no series is drawn in them for being the fifth. */
const COLOURS = ['blue', 'purple', 'green', 'yellow'].flatMap((hue) =>
  ['', 'dark-', 'light-', 'semi-dark-', 'super-light-'].map((shade) => shade + hue),
);

/** Each name its own colour, the same one wherever it is drawn. */
export function coloursOf(names: readonly string[]): { name: string; colour: string }[] {
  // Neighbours in a list get different hues: every fifth of the colours.
  return names.map((name, i) => ({ name, colour: COLOURS[((i % 4) * 5 + Math.floor(i / 4)) % COLOURS.length]! }));
}

function fixed(colour: string): DynamicConfigValue[] {
  return [{ id: 'color', value: { mode: FieldColorModeId.Fixed, fixedColor: colour } }];
}

export interface LinesLook extends Look {
  /** Names of series that are known, for their colours. */
  readonly names?: readonly string[];
  /** Bars, one upon the other: for counts that add up. */
  readonly stacked?: boolean;
}

function lines(
  look: LinesLook,
  targets: Builder<Dataquery>[],
  datasource: typeof METRICS_SOURCE | typeof RESULTS_SOURCE,
  kind: string,
): SizedPanel {
  const { bad, names = [], stacked = false } = look;
  const builder = dress(new LinesBuilder(), look, targets, kind)
    .datasource(datasource)
    .min(0)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Shades).fixedColor('blue'))
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .calcs(['lastNotNull', 'max']),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .lineWidth(1)
    .fillOpacity(stacked ? 70 : 5);
  if (stacked)
    builder.drawStyle(GraphDrawStyle.Bars).stacking(new common.StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
  if (bad !== undefined)
    builder.thresholdsStyle(new common.GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  for (const { name, colour } of coloursOf(names)) builder.overrideByName(name, fixed(colour));
  return sized(look, builder);
}

export function metricLines(look: LinesLook, ...metrics: readonly Metric[]): SizedPanel {
  return lines(look, metricRanges(metrics), METRICS_SOURCE, OPERATIONAL);
}

export function resultLines(look: LinesLook, sql: string): SizedPanel {
  return lines(look, statement(sql, 'series'), RESULTS_SOURCE, EXACT);
}

function figures(
  look: Look,
  targets: Builder<Dataquery>[],
  datasource: typeof METRICS_SOURCE | typeof RESULTS_SOURCE,
  kind: string,
): SizedPanel {
  const builder = dress(new StatBuilder(), look, targets, kind)
    .datasource(datasource)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None)
    .textMode(BigValueTextMode.ValueAndName)
    // All columns of the one row there is.
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('/.*/').values(false));
  return sized(look, builder);
}

export function metricFigures(look: Look, ...metrics: readonly Metric[]): SizedPanel {
  return figures(look, metricValues(metrics, 'figures'), METRICS_SOURCE, OPERATIONAL);
}

export function resultFigures(look: Look, sql: string): SizedPanel {
  return figures(look, statement(sql, 'table'), RESULTS_SOURCE, EXACT);
}

/** A column of a table with a look of its own. */
export interface Column {
  readonly name: string;
  readonly unit?: Unit;
  readonly width?: number;
  readonly title?: string;
  /** The largest first. */
  readonly sorted?: boolean;
  /** A bar in the cell, as long as its share of the largest. */
  readonly bar?: boolean;
  /** Leads to the board of the program in this column. */
  readonly opensProgram?: boolean;
}

function columnLook({ unit, width, title, bar, opensProgram }: Column): DynamicConfigValue[] {
  const looks: DynamicConfigValue[] = [];
  if (unit !== undefined) looks.push({ id: 'unit', value: unit });
  if (width !== undefined) looks.push({ id: 'custom.width', value: width });
  if (title !== undefined) looks.push({ id: 'displayName', value: title });
  if (bar === true) looks.push({ id: 'custom.cellOptions', value: { type: 'gauge', mode: 'basic' } });
  if (opensProgram === true)
    looks.push({
      id: 'links',
      value: [
        {
          title: 'Open this program',
          url: '/d/ntk-one-program?var-program=${__value.raw:percentencode}&${log:queryparam}&${__url_time_range}',
        },
      ],
    });
  return looks;
}

function table(look: Look, columns: readonly Column[], targets: Builder<Dataquery>[], kind: string): TableBuilder {
  const builder = dress(new TableBuilder(), look, targets, kind)
    .showHeader(true)
    .sortBy(
      columns
        .filter(({ sorted }) => sorted === true)
        .map(({ name, title = name }) => new common.TableSortByFieldStateBuilder().displayName(title).desc(true)),
    )
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds));
  for (const column of columns) builder.overrideByName(column.name, columnLook(column));
  return builder;
}

export function resultTable(look: Look, columns: readonly Column[], sql: string): SizedPanel {
  return sized(look, table(look, columns, statement(sql, 'table'), EXACT).datasource(RESULTS_SOURCE));
}

/** One row a series; its time, the same in every row, is left out. */
export function metricTable(look: Look, columns: readonly Column[], ...metrics: readonly Metric[]): SizedPanel {
  const builder = table(look, columns, metricValues(metrics, 'table'), OPERATIONAL)
    .datasource(METRICS_SOURCE)
    .withTransformation({ id: 'organize', options: { excludeByName: { Time: true }, indexByName: {}, renameByName: {} } });
  return sized(look, builder);
}

/** Markdown. What is put into it from variables is made safe by Grafana, which removes scripts. */
export function words(title: string, about: string, width: number, height: number, markdown: string): SizedPanel {
  const builder = new TextBuilder().title(title).description(about).mode(TextMode.Markdown).content(markdown);
  return { width, height, panel: builder.build() };
}
