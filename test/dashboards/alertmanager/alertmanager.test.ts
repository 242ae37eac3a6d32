/** Who is told, and which alerts are left out because another one says more. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ask } from '../prometheus/programs.ts';
import { ALERTMANAGER, type Alert, ALERT_NAMES, ALERTS, readYaml } from '../prometheus/rule-files.ts';

const FILE = join(ALERTMANAGER, 'alertmanager.yaml');

interface InhibitRule {
  readonly source_matchers: readonly string[];
  readonly target_matchers: readonly string[];
  readonly equal?: readonly string[];
}
interface Config {
  readonly route: { readonly group_by: readonly string[] };
  readonly receivers: readonly { readonly webhook_configs: readonly { readonly http_config: unknown }[] }[];
  readonly inhibit_rules: readonly InhibitRule[];
}
const config = readYaml<Config>(FILE);

test('the configuration is what Alertmanager understands', async () => {
  expect(await ask('amtool', ['check-config', FILE])).toEqual({ code: 0, said: expect.stringContaining('SUCCESS') });
});

test.each([
  ['a page', 'pager', ['alertname=NtkHeartbeatMissing', 'severity=page', 'cause=scoring']],
  ['a ticket', 'tickets', ['alertname=NtkLagRecords', 'severity=ticket', 'cause=scoring']],
  ['what is worth knowing', 'notes', ['alertname=NtkPositionMismatch', 'severity=info', 'cause=log']],
  ['the alert that always fires', 'watchdog', ['alertname=NtkWatchdog', 'severity=info', 'cause=watchdog']],
  ['what nobody thought of', 'tickets', ['alertname=Other']],
])('%s goes to the receiver %s', async (_, receiver, labels) => {
  const routes = ['config', 'routes', 'test', `--config.file=${FILE}`];
  const { code, said } = await ask('amtool', [...routes, `--verify.receivers=${receiver}`, ...labels]);
  expect({ code, said }).toEqual({ code: 0, said: expect.stringContaining(receiver) });
});

test('one notification a cause, and no secret in the file', () => {
  expect(config.route.group_by).toEqual(['cause']);
  for (const { webhook_configs } of config.receivers)
    for (const { http_config } of webhook_configs)
      expect(http_config).toEqual({ authorization: { credentials_file: 'webhook.secret' } });
});

/** `name = value` and `name =~ "a|b"`, the two that are used. */
function isMatched(labels: Readonly<Record<string, string>>, matchers: readonly string[]): boolean {
  return matchers.every((matcher) => {
    const [, name, operator, value] = /^(\w+) (=~?) "?([^"]*)"?$/.exec(matcher)!;
    return new RegExp(`^(?:${operator === '=' ? value!.replaceAll(/\W/g, String.raw`\$&`) : value})$`).test(labels[name!] ?? '');
  });
}

function labelsOf({ alert, labels, expr }: Alert): Record<string, string> {
  const service = /"service", "(\w+)", "", ""/.exec(expr)?.[1];
  return { alertname: alert, ...labels, ...(service === undefined ? {} : { service }) };
}

describe('what is left out', () => {
  const named = config.inhibit_rules.flatMap(({ source_matchers, target_matchers }) =>
    [...source_matchers, ...target_matchers]
      .filter((matcher) => matcher.startsWith('alertname'))
      .flatMap((matcher) => /"?([\w|]+)"?$/.exec(matcher)![1]!.split('|')),
  );

  test('is named as the rules name it', () => {
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((name) => !ALERT_NAMES.includes(name))).toEqual([]);
  });

  test('never silences what silences it, not by a detour either', () => {
    // By name alone, so that no pair of labels can make a circle of what looks open.
    const names = (matchers: readonly string[]): string[] =>
      ALERT_NAMES.filter((alertname) =>
        isMatched(
          { alertname },
          matchers.filter((matcher) => matcher.startsWith('alertname')),
        ),
      );
    const silences = new Map<string, Set<string>>();
    for (const { source_matchers, target_matchers } of config.inhibit_rules)
      for (const source of names(source_matchers))
        for (const target of names(target_matchers)) silences.set(source, (silences.get(source) ?? new Set()).add(target));
    const reached = (from: string, seen = new Set<string>()): Set<string> => {
      for (const next of silences.get(from) ?? []) if (!seen.has(next)) reached(next, seen.add(next));
      return seen;
    };
    for (const name of silences.keys()) expect([name, reached(name).has(name)]).toEqual([name, false]);
  });

  test('is never a page for the sake of a ticket', () => {
    const alerts = ALERTS.map(labelsOf);
    const wrong = config.inhibit_rules.flatMap(({ source_matchers, target_matchers }) =>
      alerts
        .filter((source) => source['severity'] !== 'page' && isMatched(source, source_matchers))
        .flatMap((source) =>
          alerts
            .filter((target) => target['severity'] === 'page' && isMatched(target, target_matchers))
            .map((target) => `${source['alertname']} silences ${target['alertname']}`),
        ),
    );
    expect(wrong).toEqual([]);
  });
});
