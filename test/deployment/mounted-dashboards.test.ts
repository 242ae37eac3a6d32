/** What Prometheus, Alertmanager and Grafana are given in docker-compose.yml is there and fits to what they are told. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from '../acceptance/ntk.ts';
import { type Compose, listensOn, mountsOf, preparedCompose, secretsOf, type Service } from './compose-file.ts';
import { grantsOf } from './engine-user.ts';

let checkout: string;
let compose: Compose;
let services: [string, Service][];
beforeAll(() => {
  checkout = mkdtempSync(join(tmpdir(), 'ntk-compose-'));
  compose = preparedCompose(checkout);
  services = Object.entries(compose.services);
});
afterAll(() => rmSync(checkout, { recursive: true, force: true }));

describe('Prometheus', () => {
  const TARGETS = join(ROOT, 'deploy/prometheus/targets');

  test('scrapes every process of ours that stays, where it listens, on a network that both are on', () => {
    const targets = readdirSync(TARGETS).flatMap(
      (file) => parse(readFileSync(join(TARGETS, file), 'utf8')) as { targets: string[] }[],
    );
    const all = targets.flatMap(({ targets: each }) => each);
    const expected = ['gateway', 'scorer-1', 'scorer-2', 'writer', 'aggregator'].map((name) => `${name}:7077`);
    expect(all.toSorted()).toEqual(['alertmanager:9093', ...expected].toSorted());
    for (const [host, port] of all.map((target) => target.split(':') as [string, string])) {
      expect(listensOn(compose, host)).toContain(Number(port));
      expect(compose.services[host]!.networks.some((each) => compose.services['prometheus']!.networks.includes(each))).toBe(true);
    }
  });
});

describe('what is mounted', () => {
  test('is there', () => {
    const missing = services.flatMap(([, service]) =>
      [...mountsOf(service).values()]
        .map(({ source }) => source)
        .filter((source) => !source.startsWith('./secrets/') && !existsSync(join(ROOT, source))),
    );
    expect(missing).toEqual([]);
  });

  test('Prometheus finds the processes and the rules where its file looks for them', () => {
    const service = compose.services['prometheus']!;
    const mounts = mountsOf(service);
    const config = service.command!.find((word) => word.startsWith('--config.file='))!.split('=')[1]!;
    const file = parse(readFileSync(join(ROOT, mounts.get(config)!.source), 'utf8')) as {
      rule_files: string[];
      scrape_configs: { job_name: string; file_sd_configs: { files: string[] }[] }[];
      alerting: { alertmanagers: { file_sd_configs: { files: string[] }[] }[] };
    };
    // Relative to the file.
    expect(file.rule_files).toEqual(['rules/*.yaml']);
    expect([...mounts.keys()]).toEqual(expect.arrayContaining(['/etc/prometheus/rules', '/etc/prometheus/targets']));
    const looked = [...file.scrape_configs, ...file.alerting.alertmanagers].flatMap(({ file_sd_configs }) =>
      file_sd_configs.flatMap(({ files }) => files),
    );
    const patterns = looked.map((glob) => new RegExp(`^${glob.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`));
    const targets = readdirSync(join(ROOT, mounts.get('/etc/prometheus/targets')!.source)).map((name) => `targets/${name}`);
    expect(targets.filter((target) => !patterns.some((pattern) => pattern.test(target)))).toEqual([]);
    expect(file.scrape_configs.map(({ job_name }) => job_name)).toEqual(
      expect.arrayContaining(['ntk-gateway', 'ntk-scorer', 'ntk-writer']),
    );
  });

  test('Alertmanager finds the secret that its file names', () => {
    const service = compose.services['alertmanager']!;
    const config = service.command!.find((word) => word.startsWith('--config.file='))!.split('=')[1]!;
    const { source } = mountsOf(service).get(config)!;
    const named = [...readFileSync(join(ROOT, source), 'utf8').matchAll(/credentials_file: ([\w./-]+)/g)].map(
      ([, path]) => path!,
    );
    expect(named.length).toBeGreaterThan(0);
    const there = [...secretsOf(service, compose).keys()];
    expect(named.filter((path) => !there.includes(join(config, '..', path)))).toEqual([]);
  });

  test('Grafana and its plugin are those that the boards are made and tested for', () => {
    const { image, environment } = compose.services['grafana']!;
    const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      devDependencies: Record<string, string>;
    };
    expect(image).toBe(`grafana/grafana:${devDependencies['@grafana/schema']}`);
    const [, plugin] = environment!['GF_PLUGINS_PREINSTALL_SYNC']!.split('@');
    expect(readFileSync(join(ROOT, 'docs/dashboards.md'), 'utf8')).toContain(`(${plugin})`);
  });

  test('Grafana finds what its data sources and boards name', () => {
    const service = compose.services['grafana']!;
    const provisioning = join(ROOT, mountsOf(service).get('/etc/grafana/provisioning')!.source);
    const read = (folder: string): string =>
      readdirSync(join(provisioning, folder))
        .map((name) => readFileSync(join(provisioning, folder, name), 'utf8').replaceAll(/^\s*#.*$/gm, ''))
        .join('\n');
    const sources = read('datasources');
    const variables = [...sources.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name!);
    expect(variables.filter((name) => service.environment![name] === undefined)).toEqual([]);
    const secrets = [...sources.matchAll(/\$__file\{([^}]+)\}/g)].map(([, path]) => path!);
    expect(secrets.length).toBeGreaterThan(0);
    expect(secrets.filter((path) => !secretsOf(service, compose).has(path))).toEqual([]);
    const boards = /path: (\S+)/.exec(read('dashboards'))![1]!;
    const folder = join(ROOT, mountsOf(service).get(boards)!.source);
    const uids = [...sources.matchAll(/^\s+uid: (\S+)/gm)].map(([, uid]) => uid!);
    const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
    expect(files.length).toBeGreaterThan(0);
    const used = new Set(
      files.flatMap((name) =>
        [...readFileSync(join(folder, name), 'utf8').matchAll(/"(ntk-(?:prometheus|clickhouse))"/g)].map(([, uid]) => uid!),
      ),
    );
    expect([...used].filter((uid) => !uids.includes(uid))).toEqual([]);
    const tables = new Set(
      files.flatMap((name) => readFileSync(join(folder, name), 'utf8').match(/(?<=(?:FROM|JOIN) )\w+\.\w+/g) ?? []),
    );
    expect(grantsOf('ntk_grafana')).toEqual([...tables].toSorted().map((table) => `GRANT SELECT ON ${table}`));
    const plugins = [...sources.matchAll(/type: (grafana-[\w-]+)/g)].map(([, type]) => type!);
    expect(plugins.filter((plugin) => !service.environment!['GF_PLUGINS_PREINSTALL_SYNC']!.startsWith(`${plugin}@`))).toEqual([]);
  });
});
