/** The boards as they are checked in, and what of them tests look at. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const GRAFANA_FOLDER = join(import.meta.dirname, '../../../dashboards/grafana');

export interface Target {
  readonly refId: string;
  readonly datasource: { readonly type: string; readonly uid: string };
  /** PromQL. */
  readonly expr?: string;
  readonly legendFormat?: string;
  readonly instant?: boolean;
  readonly range?: boolean;
  readonly format?: string | number;
  /** SQL. */
  readonly rawSql?: string;
}

export interface Step {
  readonly value: number | null;
  readonly color: string;
}

export interface ShownPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly targets?: readonly Target[];
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly links?: readonly { readonly title: string; readonly url: string }[];
  readonly options?: Readonly<Record<string, unknown>>;
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly thresholds?: { readonly steps: readonly Step[] };
      readonly color?: { readonly mode: string; readonly fixedColor?: string };
    };
    readonly overrides: readonly {
      readonly matcher: { readonly id: string; readonly options: unknown };
      readonly properties: readonly { readonly id: string; readonly value: unknown }[];
    }[];
  };
}

export interface ShownVariable {
  readonly name: string;
  readonly type: string;
  readonly query: string | { readonly rawSql: string };
  readonly current?: { readonly value: string };
  readonly skipUrlSync?: boolean;
}

export interface ShownBoard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly schemaVersion: number;
  readonly timezone: string;
  readonly panels: readonly ShownPanel[];
  readonly templating: { readonly list: readonly ShownVariable[] };
}

/** File name to board. */
export function readBoards(): ReadonlyMap<string, ShownBoard> {
  const names = readdirSync(GRAFANA_FOLDER).filter((name) => name.endsWith('.json'));
  return new Map(names.map((name) => [name, JSON.parse(readFileSync(join(GRAFANA_FOLDER, name), 'utf8')) as ShownBoard]));
}

/** A query with where it stands: `service-health / Memory`, and `... / B` behind it where the panel has several. */
export interface PanelQuery {
  readonly name: string;
  readonly board: ShownBoard;
  readonly panel: ShownPanel;
  readonly target: Target;
}

export function queriesOf(kind: 'PromQL' | 'SQL'): PanelQuery[] {
  return [...readBoards()].flatMap(([file, board]) =>
    board.panels.flatMap((panel) =>
      (panel.targets ?? [])
        .filter((target) => (kind === 'PromQL' ? target.expr : target.rawSql) !== undefined)
        .map((target) => ({ name: `${file.replace('.json', '')} / ${panel.title}`, board, panel, target })),
    ),
  );
}
