/** What holds for every board and panel, whatever it shows. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from '../../acceptance/ntk.ts';
import { generatedFiles, outdatedFiles } from '../../../dashboards/grafana/generate.ts';
import { GRAFANA_VERSION, SCHEMA_VERSION } from '../../../dashboards/grafana/source/board.ts';
import { ALERT_NAMES } from '../prometheus/rule-files.ts';
import { GRAFANA_FOLDER, queriesOf, readBoards, type ShownBoard, type ShownPanel, type Step, type Target } from './boards.ts';

const BOARDS = [...readBoards()];
const PANELS = BOARDS.flatMap(([file, board]) =>
  board.panels
    .filter(({ type }) => type !== 'row')
    .map((panel) => ({ name: `${file.replace('.json', '')} / ${panel.title}`, board, panel })),
);
/** All but words. */
const FIGURES = PANELS.filter(({ panel }) => panel.type !== 'text');
const SOURCES: Readonly<Record<string, string>> = { '${metrics}': 'prometheus', '${results}': 'grafana-clickhouse-datasource' };
/** Variables that Grafana itself has: times for the macros, a field's value in a link. */
const BUILT_IN = /^(?:__\w+)$/;

const variablesIn = (text: string): string[] =>
  [...text.matchAll(/\$\{([\w.]+)(?::\w+)?\}/g)].map(([, name]) => name!.split('.')[0]!).filter((name) => !BUILT_IN.test(name));

describe('the files', () => {
  test('are as generated', () => {
    expect(outdatedFiles(generatedFiles())).toEqual([]);
  });

  test('are generated anew when one differs, is missing or is left over', () => {
    const files = new Map(generatedFiles());
    files.set('service-health.json', '{}\n');
    files.delete('one-program.json');
    files.set('another.json', '{}\n');
    expect(outdatedFiles(files)).toEqual(['another.json', 'one-program.json', 'service-health.json']);
  });

  test('lead to the pages of the address that is asked for', () => {
    const [text] = [...generatedFiles('http://wiki.example/ntk/').values()];
    const { templating } = JSON.parse(text!) as { templating: { list: { name: string; query: string }[] } };
    expect(templating.list.find(({ name }) => name === 'docs')?.query).toBe('http://wiki.example/ntk');
  });

  test('are the four boards', () => {
    expect(BOARDS.map(([, { uid }]) => uid).toSorted()).toEqual([
      'ntk-analyst-view',
      'ntk-interceptions',
      'ntk-one-program',
      'ntk-service-health',
    ]);
  });
});

describe.each(BOARDS)('%s', (file, board) => {
  test('has a name by which others find it, the schema of the pinned Grafana, and times in UTC', () => {
    expect(`ntk-${file}`).toBe(`${board.uid}.json`);
    expect(board.schemaVersion).toBe(SCHEMA_VERSION);
    expect(board.timezone).toBe('utc');
    expect(board.description).toMatch(/^For .+\./);
    expect(new Set(board.panels.map(({ id }) => id)).size).toBe(board.panels.length);
    expect(new Set(board.panels.map(({ title }) => title)).size).toBe(board.panels.length);
  });

  test('has panels that lie beside one another within the width of the grid', () => {
    const taken = new Map<string, string>();
    for (const { title, gridPos } of board.panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect([title, taken.get(`${x},${y}`)]).toEqual([title, undefined]);
          taken.set(`${x},${y}`, title);
        }
      }
    }
  });

  test('uses the variables that it has, and has those that it uses', () => {
    const { templating, ...rest } = board;
    const ofVariables = templating.list.flatMap(({ query }) => variablesIn(JSON.stringify(query)));
    const ofColumns = [...JSON.stringify(rest).matchAll(/\$\{(\w+):queryparam\}/g)].map(([, name]) => name!);
    const used = new Set([
      ...variablesIn(JSON.stringify(rest)),
      ...(JSON.stringify(templating)
        .match(/\$\{(?:metrics|results)\}/g)
        ?.map((one) => one.slice(2, -1)) ?? []),
      ...ofVariables,
      ...ofColumns,
    ]);
    expect([...used].toSorted()).toEqual(templating.list.map(({ name }) => name).toSorted());
  });

  test('has links to pages that cannot be changed by an address that somebody sends', () => {
    const docs = board.templating.list.find(({ name }) => name === 'docs');
    expect(docs).toMatchObject({ type: 'constant', skipUrlSync: true });
  });
});

/** Names of panels of which something does not hold. */
const panelsWithout = (holds: (panel: ShownPanel) => boolean): string[] =>
  FIGURES.filter(({ panel }) => !holds(panel)).map(({ name }) => name);
const stepsOf = (panel: ShownPanel): readonly Step[] => panel.fieldConfig?.defaults.thresholds?.steps ?? [];

describe('every panel', () => {
  test('says what it is, when to worry, and whether it is exact', () => {
    expect(panelsWithout(({ title }) => /^[A-Z]/.test(title))).toEqual([]);
    expect(panelsWithout((panel) => /^[A-Z][^]{20,}\.\n\n\*\*Worry\*\* [^]{5,}\./.test(panel.description ?? ''))).toEqual([]);
    const kind = ({ datasource }: ShownPanel): string =>
      datasource?.uid === '${metrics}'
        ? 'Operational: for watching. Report figures come from `ntk report`'
        : 'Exact: counts rows by their identity';
    expect(panelsWithout((panel) => panel.description!.includes(kind(panel)))).toEqual([]);
    expect(panelsWithout(({ fieldConfig }) => /^[a-zA-Z]+$/.test(fieldConfig?.defaults.unit ?? ''))).toEqual([]);
  });

  test('asks a source by its variable, with each of its queries', () => {
    expect(panelsWithout(({ datasource }) => SOURCES[datasource!.uid] === datasource!.type)).toEqual([]);
    expect(panelsWithout(({ targets = [] }) => targets.length > 0)).toEqual([]);
    expect(panelsWithout(({ targets = [] }) => new Set(targets.map(({ refId }) => refId)).size === targets.length)).toEqual([]);
    expect(
      panelsWithout(({ targets = [], datasource }) => targets.every((target) => target.datasource.uid === datasource!.uid)),
    ).toEqual([]);
  });

  test('asks for values over time where it draws lines, and else for those at the end', () => {
    const isAsked = ({ expr, instant, range }: Target, lines: boolean): boolean =>
      expr === undefined || (instant === !lines && range === lines);
    expect(panelsWithout((panel) => panel.targets!.every((target) => isAsked(target, isLines(panel))))).toEqual([]);
  });

  test('is orange or red only from a value on that is bad, and a red one leads to a page that says what to do', () => {
    const first = (panel: ShownPanel): string | undefined => stepsOf(panel)[0]?.color;
    expect(panelsWithout((panel) => first(panel) === (stepsOf(panel).length === 1 ? 'blue' : 'green'))).toEqual([]);
    const bad = (panel: ShownPanel): readonly Step[] => stepsOf(panel).slice(1);
    const colours = ['', 'orange', 'red', 'orange,red'];
    expect(
      panelsWithout((panel) =>
        colours.includes(
          bad(panel)
            .map(({ color }) => color)
            .join(),
        ),
      ),
    ).toEqual([]);
    expect(panelsWithout((panel) => bad(panel).length < 2 || bad(panel)[0]!.value! < bad(panel)[1]!.value!)).toEqual([]);
    const isRed = (panel: ShownPanel): boolean => bad(panel).some(({ color }) => color === 'red');
    expect(panelsWithout((panel) => !isRed(panel) || (panel.links ?? []).length > 0)).toEqual([]);
  });

  test('draws no series in red or orange for its place in a palette', () => {
    expect(panelsWithout(({ fieldConfig }) => ['thresholds', 'shades'].includes(fieldConfig!.defaults.color!.mode))).toEqual([]);
    expect(panelsWithout(({ fieldConfig }) => !/"fixedColor":"[^"]*(?:red|orange)/.test(JSON.stringify(fieldConfig)))).toEqual(
      [],
    );
  });

  test('has no program and no user in a query to Prometheus, and counts users without naming one', () => {
    const names = /\b(?:program|user|purpose|subject|developer)\b/;
    expect(panelsWithout(({ targets }) => targets!.every(({ expr }) => !names.test(expr ?? '')))).toEqual([]);
    // Counted, or handed on within the statement to be counted there.
    const rest = (sql: string): string =>
      sql.replaceAll(/uniqExact(?:If)?\(user\b/g, '').replaceAll('(SELECT category, verdict, user, rows, bytes FROM', '');
    expect(panelsWithout(({ targets }) => targets!.every(({ rawSql }) => !/\buser\b/.test(rest(rawSql ?? ''))))).toEqual([]);
  });

  test('reads rows and ledger by identity', () => {
    /** Tables; the name of a type of record is a text. */
    const isByIdentity = (sql: string): boolean => !/(?<!')ntk\.\w+(?!\w|(?: AS b)? FINAL)/.test(sql);
    expect(isByIdentity("SELECT facts['ntk.erasure'] FROM ntk.blocks FINAL")).toBe(true);
    expect(isByIdentity('SELECT count() FROM ntk.blocks')).toBe(false);
    expect(panelsWithout(({ targets }) => targets!.every(({ rawSql }) => isByIdentity(rawSql ?? '')))).toEqual([]);
  });
});

const isLines = ({ type }: ShownPanel): boolean => type === 'timeseries';

describe('values of variables', () => {
  test('travel percent-encoded into SQL', () => {
    const statements = [
      ...queriesOf('SQL').map(({ target }) => target.rawSql!),
      ...BOARDS.flatMap(([, { templating }]) =>
        templating.list.flatMap(({ query }) => (typeof query === 'string' ? [] : [query.rawSql])),
      ),
    ];
    for (const sql of statements) {
      const encoded = sql.replaceAll(/decodeURLComponent\('\$\{\w+:percentencode\}'\)/g, '');
      expect(encoded).not.toMatch(/\$\{/);
    }
  });
});

describe('the JSON', () => {
  /** Enumerations of TypeScript are not their values to the compiler; in JSON they are. */
  const PLAIN =
    'type Plain<T> = T extends string ? `${T}` : T extends number ? number : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;';
  const OPTIONS = { stat: 'Stat', table: 'Table', timeseries: 'TimeSeries', text: 'Text' };
  const TYPES = 'node_modules/@grafana/schema/dist/esm/raw/composable';

  function sourceOf(board: ShownBoard): string {
    const lines = ["import type { Dashboard } from '@grafana/schema';", PLAIN];
    for (const [type, name] of Object.entries(OPTIONS))
      lines.push(`import type { Options as ${name}Options } from './${TYPES}/${type}/panelcfg/x/${name}PanelCfg_types.gen.js';`);
    lines.push(`export const board: Plain<Dashboard> = ${JSON.stringify(board)};`);
    for (const { id, type, options } of board.panels.filter((panel) => panel.type !== 'row'))
      lines.push(`export const panel${id}: Plain<${OPTIONS[type as keyof typeof OPTIONS]}Options> = ${JSON.stringify(options)};`);
    return lines.join('\n');
  }

  /** What the compiler says. */
  function compiled(boards: readonly ShownBoard[]): string {
    const folder = mkdtempSync(join(tmpdir(), 'ntk-boards-'));
    try {
      symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
      for (const board of boards) writeFileSync(join(folder, `${board.uid}.ts`), sourceOf(board));
      const flags = [
        '--noEmit',
        '--strict',
        '--skipLibCheck',
        '--preserveSymlinks',
        '--module',
        'esnext',
        '--moduleResolution',
        'bundler',
      ];
      const files = boards.map(({ uid }) => `${uid}.ts`);
      return spawnSync(join(ROOT, 'node_modules/.bin/tsc'), [...flags, ...files], { cwd: folder, encoding: 'utf8' }).stdout;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  test('is what the pinned Grafana says that boards and panels are', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'node_modules/@grafana/schema/package.json'), 'utf8')) as {
      version: string;
    };
    expect(version).toBe(GRAFANA_VERSION);
    expect(compiled(BOARDS.map(([, board]) => board))).toBe('');
  });

  test('is not believed when it has something that Grafana does not know', () => {
    const [, board] = BOARDS[0]!;
    const [row, panel, ...rest] = board.panels;
    const wrong = [
      { ...board, refreshes: '30s' },
      { ...board, panels: [row, { ...panel, options: { ...panel!.options, textSize: 3 } }, ...rest] },
    ];
    expect(compiled([wrong[0] as ShownBoard])).toMatch(/'?"refreshes"'? does not exist/);
    expect(compiled([wrong[1] as ShownBoard])).toMatch(/'?"textSize"'? does not exist/);
  });
});

describe('links to the runbook', () => {
  const RUNBOOK = join(ROOT, 'docs/runbook');
  const linked = new Set(PANELS.flatMap(({ panel }) => (panel.links ?? []).map(({ url }) => url)));

  test('have the form of its pages', () => {
    for (const url of linked) expect(url).toMatch(/^\$\{docs\}\/runbook\/Ntk[A-Za-z]+\.md$/);
  });

  test('lead to pages that are there', () => {
    const pages = readdirSync(RUNBOOK);
    expect([...linked].map((url) => url.split('/').at(-1)!).filter((page) => !pages.includes(page))).toEqual([]);
  });

  test('are there for every alert', () => {
    const unlinked = ALERT_NAMES.filter((alert) => !linked.has(`\${docs}/runbook/${alert}.md`));
    // It fires always, to show that alerts arrive: nothing of ours is to be seen about it.
    expect(unlinked).toEqual(['NtkWatchdog']);
  });
});

describe('provisioning', () => {
  const read = (path: string): unknown => parse(readFileSync(join(GRAFANA_FOLDER, 'provisioning', path), 'utf8'));

  test('has the sources that the boards choose at first', () => {
    const { datasources } = read('datasources/need-to-know.yaml') as { datasources: { uid: string; type: string }[] };
    const provisioned = Object.fromEntries(datasources.map(({ uid, type }) => [uid, type]));
    for (const [, { templating }] of BOARDS) {
      for (const variable of templating.list.filter(({ type }) => type === 'datasource')) {
        expect(provisioned[variable.current!.value]).toBe(variable.query);
      }
    }
  });

  test('has no password in it', () => {
    const { datasources } = read('datasources/need-to-know.yaml') as {
      datasources: { secureJsonData?: Record<string, string> }[];
    };
    for (const { secureJsonData = {} } of datasources)
      for (const secret of Object.values(secureJsonData)) expect(secret).toMatch(/^\$__file\{\/run\/secrets\/[\w-]+\}$/);
  });

  test('reads the boards from where they are mounted, and nobody changes them in the browser', () => {
    const { providers } = read('dashboards/need-to-know.yaml') as { providers: Record<string, unknown>[] };
    expect(providers).toMatchObject([{ type: 'file', allowUiUpdates: false, options: { path: '/etc/need-to-know/boards' } }]);
  });
});
