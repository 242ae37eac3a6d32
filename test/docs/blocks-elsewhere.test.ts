/** The commands of pages that need a cluster or a device, with a broker, a stand-in for ClickHouse and a dump of the tests. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { environment } from '../environment.ts';
import { ntkOk, ROOT } from '../acceptance/ntk.ts';
import { freePort } from '../free-ports.ts';
import { Service } from '../crash/kafka/service.ts';
import { sharedBroker } from '../kafka/shared-broker.ts';
import { commandsOf, readPage } from './page-commands.ts';

const TEST_MS_MAX = 300_000;
const POLL_MS = 100;
const NODE = join(ROOT, 'node_modules/.bin/node');
const CLICKHOUSE = join(ROOT, 'test/crash/kafka/clickhouse-server.ts');

let folder: string;
const services: Service[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ntk-page-'));
});
afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.kill()));
  rmSync(folder, { recursive: true, force: true });
}, TEST_MS_MAX);

/** Each line of a block without its comment. */
function linesOf(path: string, word: string): string[] {
  const block = commandsOf(readPage(path)).find(({ words }) => words.includes(word));
  return block!.command
    .split('\n')
    .map((line) => line.replace(/\s+#.*/, ''))
    .filter((line) => line !== '');
}

const argsOf = (line: string): string[] => line.replace(/^npx ntk /, '').split(' ');

function start(name: string, command: readonly string[], env: Readonly<Record<string, string>> = {}): Service {
  const outputFile = join(folder, `${name}.log`);
  const service = new Service({ name, command, env: environment(env), outputFile });
  services.push(service);
  service.start();
  return service;
}

test("README.md's commands on Kafka start a system that takes a signed policy", { timeout: TEST_MS_MAX }, async () => {
  const broker = await sharedBroker();
  const port = await freePort();
  mkdirSync(join(folder, 'server'));
  await start('clickhouse', [NODE, CLICKHOUSE, join(folder, 'server'), String(port)]).says(/ready/);
  for (const name of ['user-key', 'policy.yaml'])
    writeFileSync(join(folder, name), name === 'user-key' ? 'k'.repeat(32) : 'version: readme\n');
  // Of this test alone; the rest is as it stands on the page.
  const env: Record<string, string> = { NTK_KAFKA_REPLICATION: '1', NTK_KAFKA_TOPIC_PREFIX: 'readme', NTK_PARTITIONS: '2' };
  for (const line of linesOf('README.md', 'kafka')) {
    const [role = '', ...args] = argsOf(line);
    if (line.startsWith('export ')) {
      for (const pair of line.slice('export '.length).split(' ')) {
        const [name, value] = pair.split('=') as [string, string];
        env[name] = name === 'NTK_KAFKA_BROKERS' ? broker.address : join(folder, value);
      }
    } else if (['gateway', 'scorer', 'writer'].includes(role)) {
      // Each on a machine of its own: another folder and port.
      const asked = args.map((arg) => arg.replace('http://clickhouse:8123', `http://127.0.0.1:${port}/clickhouse/`));
      const own = ['--data', join(folder, role), '--port', '0'];
      await start(role, [NODE, join(ROOT, 'bin/ntk.mjs'), role, ...asked, ...own], env).url();
    } else {
      await ntkOk([role, ...args], { cwd: folder, env });
    }
  }
  expect((await ntkOk(['policy', 'log'], { cwd: folder, env })).stdout).toContain(' readme ');
  for (const service of services.slice(1).toReversed()) expect(await service.stop()).toBe(0);
});

test("docs/android.md's command reads a dump", { timeout: TEST_MS_MAX }, async () => {
  copyFileSync(join(ROOT, 'test/importers/fixtures/android/appops-14.txt'), join(folder, 'appops.txt'));
  for (const line of linesOf('docs/android.md', 'device').filter((each) => each.startsWith('npx ntk '))) {
    const args = argsOf(line).map((arg) => (arg.startsWith('policies/') ? join(ROOT, arg) : arg));
    expect((await ntkOk(args, { cwd: folder })).stdout).toMatch(/\d+ accesses judged and stored; .*; complete/);
  }
});

test("docs/console.md's command makes a report that can leave the house", { timeout: TEST_MS_MAX }, async () => {
  const week = join(ROOT, 'examples/ios-week');
  await ntkOk(['run', '--policy', join(week, 'policy.yaml'), '--input', join(week, 'declarations.ndjson')], { cwd: folder });
  for (const line of linesOf('docs/console.md', 'elsewhere')) await ntkOk(argsOf(line), { cwd: folder });
  expect(readFileSync(join(folder, 'march.html'), 'utf8')).toContain('<h1>Interception report</h1>');
});

test("docs/simulator.md's live commands fill a running system", { timeout: TEST_MS_MAX }, async () => {
  const port = String(await freePort());
  const bash = (line: string): string[] => [
    'bash',
    '-c',
    `cd '${folder}'; ${line.replaceAll('npx ntk', `${NODE} ${join(ROOT, 'bin/ntk.mjs')}`).replace('7077', port)}`,
  ];
  const [makeToken, live] = linesOf('docs/simulator.md', 'elsewhere') as [string, string];
  expect(spawnSync('bash', bash(makeToken).slice(1), { env: environment() }).status).toBe(0);
  const up = start('up', [NODE, join(ROOT, 'bin/ntk.mjs'), 'up', '--data', join(folder, 'data'), '--port', port], {
    NTK_GATEWAY_TOKENS_FILE: join(folder, 'tokens.yaml'),
  });
  const url = await up.url();
  const simulator = start('simulator', bash(`exec env ${live}`));
  const judged = async (): Promise<number> =>
    Number(/^ntk_results_written_total (\d+)/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1] ?? 0);
  while ((await judged()) === 0) {
    expect(simulator.endedByItself).toEqual([]);
    await pause(POLL_MS);
  }
  await simulator.kill();
  expect(await up.stop()).toBe(0);
});
