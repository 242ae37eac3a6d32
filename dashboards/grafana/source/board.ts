/** What a dashboard is made of here, and how that becomes the JSON that Grafana reads. */
import {
  DashboardCursorSync,
  type Dashboard,
  DashboardLinkType,
  type Panel,
  type RowPanel,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard';

/** The release the boards are written for: the last of 12, whose own types (npm `@grafana/schema` 12.4.11) say schema 42. */
export const GRAFANA_VERSION = '12.4.11';
export const SCHEMA_VERSION = 42;
/** Of `grafana-clickhouse-datasource`; queries are in the format of its 4.x. */
export const CLICKHOUSE_PLUGIN_VERSION = '4.21.2';

/** Columns of Grafana's grid. */
const GRID_WIDTH = 24;
/** Every board has it, so that they link to one another. */
const TAG = 'need-to-know';

/** A panel that has no place yet. */
export interface SizedPanel {
  readonly width: number;
  readonly height: number;
  readonly panel: Panel;
}

export interface Section {
  readonly title: string;
  readonly panels: readonly SizedPanel[];
}

export interface Board {
  /** In the address and in links; the file's name is it without `ntk-`. */
  readonly uid: `ntk-${string}`;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly VariableModel[];
  /** What is shown when somebody opens it, as Grafana writes it: `now-6h`. */
  readonly from: string;
  /** How often it asks again; empty: only when somebody asks. */
  readonly refresh: '30s' | '5m' | '';
  readonly sections: readonly Section[];
}

export function fileOf(board: Board): string {
  return `${board.uid.slice('ntk-'.length)}.json`;
}

export function dashboardOf(board: Board): Dashboard {
  return {
    uid: board.uid,
    title: board.title,
    description: board.description,
    tags: [TAG],
    // All times of this project are UTC; "a day" has to be the same day for everybody who looks.
    timezone: 'utc',
    editable: false,
    graphTooltip: DashboardCursorSync.Crosshair,
    time: { from: board.from, to: 'now' },
    timepicker: {},
    fiscalYearStartMonth: 0,
    liveNow: false,
    refresh: board.refresh,
    weekStart: 'monday',
    schemaVersion: SCHEMA_VERSION,
    version: 1,
    templating: { list: [...board.variables] },
    annotations: { list: [] },
    links: [
      {
        title: 'Need to Know',
        type: DashboardLinkType.Dashboards,
        icon: 'external link',
        tooltip: 'The other boards, for the same stretch of time',
        tags: [TAG],
        asDropdown: false,
        targetBlank: false,
        includeVars: false,
        keepTime: true,
      },
    ],
    panels: placed(board.sections),
  };
}

/** Rows from top to bottom; in a row from left to right, and on below where the width is used up. */
function placed(sections: readonly Section[]): (Panel | RowPanel)[] {
  const all: (Panel | RowPanel)[] = [];
  let y = 0;
  for (const { title, panels } of sections) {
    all.push({ type: 'row', id: all.length + 1, title, collapsed: false, panels: [], gridPos: { x: 0, y, w: GRID_WIDTH, h: 1 } });
    y += 1;
    let x = 0;
    let lineHeight = 0;
    for (const { width, height, panel } of panels) {
      if (x + width > GRID_WIDTH) {
        y += lineHeight;
        x = 0;
        lineHeight = 0;
      }
      all.push({ ...panel, id: all.length + 1, gridPos: { x, y, w: width, h: height } });
      x += width;
      lineHeight = Math.max(lineHeight, height);
    }
    y += lineHeight;
  }
  return all;
}
