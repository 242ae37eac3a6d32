/** The rule files and the configuration as data. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from '../../acceptance/ntk.ts';

export const PROMETHEUS = join(ROOT, 'dashboards/prometheus');
export const ALERTMANAGER = join(ROOT, 'dashboards/alertmanager');

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
export interface Recording {
  readonly record: string;
  readonly expr: string;
}
export interface RuleFile {
  readonly groups: readonly {
    readonly name: string;
    readonly interval?: string;
    readonly rules: readonly (Alert | Recording)[];
  }[];
}
export interface RuleTest {
  readonly rule_files: readonly string[];
  readonly tests: readonly {
    readonly name: string;
    readonly alert_rule_test: readonly {
      readonly alertname: string;
      readonly eval_time: string;
      readonly exp_alerts: readonly { readonly exp_labels: object; readonly exp_annotations?: object }[];
    }[];
  }[];
}

export function yamlFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => join(folder, name));
}

export const RULE_FILES = yamlFiles(join(PROMETHEUS, 'rules'));
export const RULE_TESTS = yamlFiles(join(PROMETHEUS, 'tests'));

export function readYaml<T>(file: string): T {
  return parse(readFileSync(file, 'utf8')) as T;
}

export const RULES: readonly (Alert | Recording)[] = RULE_FILES.flatMap((file) =>
  readYaml<RuleFile>(file).groups.flatMap(({ rules }) => rules),
);

/** In the order of the files; a name may stand for several rules. */
export const ALERTS: readonly Alert[] = RULES.filter((rule): rule is Alert => 'alert' in rule);

export const ALERT_NAMES: readonly string[] = [...new Set(ALERTS.map(({ alert }) => alert))];
