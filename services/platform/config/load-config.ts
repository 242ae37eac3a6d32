/**
 * The configuration of a process: built-in values, over them a file (YAML or JSON), over that the environment. All that is wrong is
 * told at once. The only place that reads the environment.
 */
import { readFileSync } from 'node:fs';
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import { systemCodeInWords } from '../system-error.ts';
import { settingMeant } from './misspelt.ts';
import {
  type Config,
  configSchema,
  environmentName,
  isNumber,
  SETTING_NAMES,
  type SettingName,
  SETTINGS,
  shown,
} from './settings.ts';

export type { Config } from './settings.ts';

interface ConfigSources {
  /** Default: the process's own. An empty variable counts as not set. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Path of a YAML or JSON file. */
  readonly file?: string | undefined;
  /** Variables that the command line sets; they go over the environment. */
  readonly overrides?: Readonly<Record<string, string>>;
}

/** What those that the command line sets are called there: who wrote `--port` knows nothing of a variable. */
const FLAGS: Readonly<Record<string, string>> = {
  NTK_HTTP_PORT: '--port',
  NTK_KAFKA_BROKERS: '--kafka',
  NTK_CLICKHOUSE_URL: '--clickhouse',
  NTK_ASSIGNMENT: '--assignment',
};

export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly string[] };

export function loadConfig({ env = process.env, file, overrides = {} }: ConfigSources = {}): ConfigResult {
  const problems: string[] = [];
  const { values, lineOf } = file === undefined ? noFile() : readConfigFile(file, problems);
  const places = new Map<string, string>(Object.keys(values).map((name) => [name, file ?? '']));
  for (const name of SETTING_NAMES) {
    const variable = environmentName(name);
    const text = overrides[variable] ?? env[variable];
    if (text === undefined || text === '') continue;
    values[name] = fromText(name, text);
    places.set(name, variable in overrides ? (FLAGS[variable] ?? variable) : variable);
  }
  const parsed = configSchema.safeParse(values);
  for (const { code, path, ...issue } of parsed.error?.issues ?? []) {
    const name = path[0];
    if (code === 'unrecognized_keys') {
      const { keys } = issue as { keys: string[] };
      problems.push(...unknownSettings(keys, (key) => [file, lineOf(key)].filter((part) => part !== undefined).join(':')));
    } else if (isSetting(name)) {
      problems.push(problem(name, values[name], places.get(name) ?? ''));
    }
  }
  if (problems.length > 0 || !parsed.success) return { ok: false, problems: [...new Set(problems)] };
  return { ok: true, config: parsed.data as Config };
}

/** `name = value` for each setting, without passwords: what `--validate` prints. */
export function describeConfig(config: Config): string[] {
  return SETTING_NAMES.map((name) => `${name} = ${shown(name, config[name])}`);
}

function isSetting(name: PropertyKey | undefined): name is SettingName {
  return typeof name === 'string' && Object.hasOwn(SETTINGS, name);
}

/** All settings are listed once, for a name that is like none of them. */
function unknownSettings(keys: readonly string[], placeOf: (key: string) => string): string[] {
  const listedFor = keys.find((key) => settingMeant(key) === undefined);
  return keys.map((key) => {
    const meant = settingMeant(key);
    const listed = key === listedFor ? `; the settings are ${SETTING_NAMES.join(', ')}` : '';
    return `${placeOf(key)}: '${key}' is no setting${meant === undefined ? listed : `; did you mean ${meant}?`}`;
  });
}

function problem(name: SettingName, value: unknown, place: string): string {
  const isFile = place !== environmentName(name) && !place.startsWith('--');
  const where = isFile ? `${place}: ${name}` : place;
  return `${where} = ${shown(name, value)}: must be ${SETTINGS[name].rule}`;
}

/** Digits are a number where the setting wants one; anything else is left for the schema to refuse. */
function fromText(name: SettingName, text: string): unknown {
  return isNumber(name) && /^-?\d+$/.test(text) ? Number(text) : text;
}

interface ConfigFile {
  readonly values: Record<string, unknown>;
  /** Where a key of the top stands. */
  readonly lineOf: (key: string) => number | undefined;
}

const noFile = (): ConfigFile => ({ values: {}, lineOf: () => undefined });

function readConfigFile(file: string, problems: string[]): ConfigFile {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    problems.push(`${file}: cannot be read (${systemCodeInWords(error)}); give the path of a YAML or JSON file`);
    return noFile();
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { version: '1.2', lineCounter: lines, prettyErrors: false });
  for (const error of document.errors) problems.push(`${file}:${lines.linePos(error.pos[0]).line}: ${error.message}`);
  if (document.errors.length > 0) return noFile();
  const content: unknown = document.toJS();
  if (content === null || content === undefined) return noFile();
  if (typeof content !== 'object' || Array.isArray(content)) {
    problems.push(`${file}: must hold settings like httpPort: 7077`);
    return noFile();
  }
  const pairs = isMap(document.contents) ? document.contents.items : [];
  const places = new Map(pairs.map(({ key }) => [isScalar(key) ? String(key.value) : '', isScalar(key) ? key.range?.[0] : 0]));
  const lineOf = (key: string): number | undefined => lines.linePos(places.get(key) ?? 0).line;
  return { values: content as Record<string, unknown>, lineOf };
}
