/**
 * The services' image, built and run as docker-compose.yml says, against Apache Kafka in a container: events by HTTP until verdicts
 * and rows are there. ClickHouse is the tests' stand-in, the embedded engine behind our own endpoint.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { GenericContainer, Network, type StartedNetwork, type StartedTestContainer, Wait } from 'testcontainers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../acceptance/ntk.ts';
import { type Compose, preparedCompose } from '../deployment/compose-file.ts';
import { launchScript, propertiesText } from '../kafka/kafka-process.ts';
import { commands, type CommandResult, composed, type ComposedOptions } from './composed.ts';
import { buildServices, daemon, KAFKA_IMAGE, kafkaImage, SERVICES_IMAGE } from './images.ts';

const READY_MS_MAX = 240_000;
const HAPPENS_MS_MAX = 90_000;
const POLL_MS = 250;
const MB = 1_000_000;
/** Everything but the engine; with it it would be 726. */
const IMAGE_BYTES_MAX = 200 * MB;
/** A process gives itself 25 s for a clean end, and Docker 40 (stop_grace_period). */
const STOP_MS_MAX = 30_000;
const EVENTS = 400;
const SAID_CHARS_MAX = 2_000;
const STAYING = ['gateway', 'scorer-1', 'scorer-2', 'writer'] as const;
type Staying = (typeof STAYING)[number];
/** The stand-in's door is below a path, a server's is not. */
const CLICKHOUSE = { 'http://clickhouse:8123': 'http://clickhouse:8123/clickhouse/' };

let docker: Awaited<ReturnType<typeof daemon>>;
let checkout: string;
let compose: Compose;
let network: StartedNetwork;
let imageBytes: number;
const running = new Map<string, StartedTestContainer>();
let ntk: (words: readonly string[]) => Promise<CommandResult>;
let tokens = 0;

const options = (): ComposedOptions => ({ compose, checkout, network, replace: CLICKHOUSE });

beforeAll(async () => {
  docker = await daemon();
  checkout = mkdtempSync(join(tmpdir(), 'ntk-containers-'));
  compose = preparedCompose(checkout);
  imageBytes = await buildServices(docker);
  await kafkaImage(docker);
  network = await new Network().start();
  running.set('kafka', await startKafka());
  running.set('clickhouse', await startClickHouse());
  // All of them, so that none is left behind when one fails.
  const started = await Promise.allSettled(STAYING.map(startService));
  for (const one of started) if (one.status === 'rejected') throw one.reason;
  const forCommands = await commands('ntk', options());
  running.set('commands', forCommands.container);
  ntk = forCommands.ntk;
});

afterAll(async () => {
  await Promise.all([...running.values()].map((container) => container.stop({ remove: true, timeout: 1_000 }).catch(() => {})));
  await network?.stop();
  if (checkout !== undefined) rmSync(checkout, { recursive: true, force: true });
});

/** One broker that is controller, too, with the settings of the compose file. */
function startKafka(): Promise<StartedTestContainer> {
  const { environment } = compose.services['kafka']!;
  const names = Object.keys(environment!).filter((name) => /^KAFKA_(?!HEAP)/.test(name));
  const given = names.map((name) => [name.slice('KAFKA_'.length).toLowerCase().replaceAll('_', '.'), environment![name]!]);
  const properties = { ...Object.fromEntries(given), 'log.dirs': '/tmp/ntk/data' } as Record<string, string>;
  const setup = { properties: () => properties, clusterId: environment!['CLUSTER_ID']!, nodeId: 1, format: [] };
  return (
    new GenericContainer(KAFKA_IMAGE)
      .withNetwork(network)
      .withNetworkAliases('kafka')
      .withUser('root')
      .withCopyContentToContainer([{ content: propertiesText(properties), target: '/tmp/ntk/server.properties' }])
      .withEntrypoint(['sh', '-c'])
      .withCommand([launchScript(setup, '/opt/kafka/libs', '/tmp/ntk')])
      // It says nothing when it is ready; whoever needs it waits by itself.
      .start()
  );
}

function startClickHouse(): Promise<StartedTestContainer> {
  const node = process.env['NTK_TEST_NODE_IMAGE'] ?? 'ntk-test/node:24';
  return new GenericContainer(node)
    .withNetwork(network)
    .withNetworkAliases('clickhouse')
    .withBindMounts([{ source: ROOT.replace(/\/$/, ''), target: '/project', mode: 'ro' }])
    .withTmpFs({ '/results': 'mode=0700' })
    .withExposedPorts(8123)
    .withCommand(['node', '/project/test/containers/clickhouse-server.ts', '/results', '8124', '8123'])
    .withWaitStrategy(Wait.forLogMessage(/ready/))
    .withStartupTimeout(READY_MS_MAX)
    .start();
}

async function startService(name: Staying): Promise<void> {
  let said = '';
  const container = composed(name, options())
    .withExposedPorts(7077)
    .withWaitStrategy(Wait.forHealthCheck())
    .withLogConsumer((stream) =>
      stream.on('data', (piece: Buffer) => (said = (said + piece.toString('utf8')).slice(-SAID_CHARS_MAX))),
    );
  try {
    running.set(name, await container.start());
  } catch (error) {
    throw new Error(`${name} is not healthy: ${said}`, { cause: error });
  }
}

const urlOf = (name: Staying): string => `http://127.0.0.1:${running.get(name)!.getMappedPort(7077)}`;

/** Waits for it; what cannot be asked yet counts as no, and is said when it never can. */
async function happens(what: string, ask: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + HAPPENS_MS_MAX;
  for (;;) {
    let cause: unknown;
    const isSo = await ask().catch((error: unknown) => {
      cause = error;
      return false;
    });
    if (isSo) return;
    if (performance.now() > deadline) throw new Error(`it did not happen that ${what}`, { cause });
    await pause(POLL_MS);
  }
}

/** Sum of a metric's samples over the scorers that run. */
async function judged(metric: string): Promise<number> {
  const pages = await Promise.all(
    STAYING.filter((name) => name.startsWith('scorer') && running.has(name)).map(async (name) =>
      (await fetch(`${urlOf(name)}/metrics`)).text(),
    ),
  );
  return pages
    .flatMap((page) => [...page.matchAll(new RegExp(`^${metric}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))])
    .reduce((sum, [, value]) => sum + Number(value), 0);
}

/** Rows of the results, as the reader asks for them. */
async function stored(): Promise<number> {
  const { output } = await ntk(['query', '--format', 'TSV', 'SELECT count() FROM ntk.access_results FINAL']);
  const [rows] = /^\d+$/m.exec(output) ?? [];
  if (rows === undefined) throw new Error(output);
  return Number(rows);
}

/** A host of its own sends accesses, each waiting for a verdict, until they are acknowledged. */
async function send(count: number, from: number): Promise<void> {
  const file = '/etc/ntk/gateway/tokens.yaml';
  const made = await ntk(['tokens', 'make', `host-${tokens++}`, '--source', 'host/test', '--file', file]);
  const token = /^[\w-]{20,}$/m.exec(made.output)![0];
  const events = Array.from({ length: count }, (_, i) => ({
    specversion: '1.0',
    id: `a${from + i}`,
    source: 'host/test',
    type: 'ntk.access',
    subject: `program-${(from + i) % 40}`,
    time: new Date().toISOString(),
    data: { user: `u${i % 50}`, api: 'wx.getLocation', outcome: 'pending' },
  }));
  await happens('the events are acknowledged', async () => {
    const response = await fetch(`${urlOf('gateway')}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
      body: events.map((event) => JSON.stringify(event)).join('\n'),
    });
    await response.arrayBuffer();
    return response.status === 202;
  });
}

test('the image is small, and has Node, the project and nothing else', async () => {
  console.log(`image of the services: ${(imageBytes / MB).toFixed(0)} MB`);
  expect(imageBytes).toBeLessThan(IMAGE_BYTES_MAX);
  const { output } = await running
    .get('gateway')!
    .exec([
      'node',
      '-p',
      "const { readdirSync, existsSync } = require('node:fs'); JSON.stringify({ programs: readdirSync('/usr/local/bin'), shell: existsSync('/bin'), engine: existsSync('/opt/ntk/node_modules/@chdb'), tests: existsSync('/opt/ntk/test') })",
    ]);
  expect(JSON.parse(output)).toEqual({ programs: ['node'], shell: false, engine: false, tests: false });
  const { Config } = await docker.getImage(SERVICES_IMAGE).inspect();
  expect(Config.User).toBe('10001:10001');
  expect(JSON.stringify(Config.Env)).not.toMatch(/PASSWORD|TOKEN|KEY/);
});

test.each(STAYING)('%s is nobody who could change anything', async (name) => {
  const ask = `const fs = require('node:fs');
const refused = (path) => { try { fs.writeFileSync(path, ''); return null } catch (error) { return error.code } };
const status = Object.fromEntries(fs.readFileSync('/proc/self/status', 'utf8').split('\\n').map((line) => line.split(':\\t')));
JSON.stringify({ root: process.getuid() === 0, project: refused('/opt/ntk/x'), etc: refused('/etc/x'), data: refused('/data/x'),
  capabilities: Number('0x' + status.CapEff + '') + Number('0x' + status.CapBnd), noNewPrivileges: status.NoNewPrivs })`;
  const { output } = await running.get(name)!.exec(['node', '-p', ask]);
  expect(JSON.parse(output)).toEqual({
    root: false,
    project: 'EROFS',
    etc: 'EROFS',
    data: null,
    capabilities: 0,
    noNewPrivileges: '1',
  });
});

describe('a deployment', () => {
  test('takes its first policy by the command on the page', async () => {
    const applied = await ntk(['policy', 'apply', 'policies/default.yaml', '--signing-key', '/keys/root.key']);
    expect(applied).toMatchObject({ code: 0 });
    await happens('it is in force', async () => (await judged('ntk_policy_info')) > 0);
    expect(await ntk(['keys', 'make', '--out', '/keys/policy.key'])).toMatchObject({ code: 0 });
    const added = ['keys', 'add', '/keys/policy.key.pub', '--types', 'ntk.policy', '--signing-key', '/keys/root.key'];
    expect(await ntk(added)).toMatchObject({ code: 0 });
    expect((await ntk(['keys', 'list', '--json'])).output).toContain('"active"');
    expect((await ntk(['policy', 'log'])).output).not.toContain('unauthorised');
  });

  test('judges and stores what a host sends, and proves it', async () => {
    const sentAt = performance.now();
    await send(EVENTS, 0);
    await happens('all are judged', async () => (await judged('ntk_verdicts_total')) >= EVENTS);
    await happens('all are stored', async () => (await stored()) === EVENTS);
    console.log(
      `${EVENTS} events are judged and stored ${((performance.now() - sentAt) / 1000).toFixed(1)} s after the first was sent`,
    );
    expect(await ntk(['verify'])).toMatchObject({ code: 0 });
    expect((await ntk(['report', 'interceptions', '--json'])).output).toContain('"complete": true');
  });

  test('goes on with one scorer when the other is stopped, which ends in time', async () => {
    expect(await stopped('scorer-1')).toEqual(CLEANLY);
    await send(EVENTS, EVENTS);
    await happens('the rest is stored as well', async () => (await stored()) === 2 * EVENTS);
    expect(await ntk(['verify'])).toMatchObject({ code: 0 });
  });

  test('ends in time, everything that is left', async () => {
    for (const name of ['gateway', 'writer', 'scorer-2'] as const) expect(await stopped(name)).toEqual(CLEANLY);
  });

  const CLEANLY = { code: 0, isInTime: true, said: expect.any(String) as string };

  /** SIGTERM, as `docker compose stop` sends it. */
  async function stopped(name: Staying): Promise<{ readonly code: number; readonly isInTime: boolean; readonly said: string }> {
    const container = docker.getContainer(running.get(name)!.getId());
    const startedAt = performance.now();
    await container.stop({ t: 40 });
    const tookMs = performance.now() - startedAt;
    console.log(`${name} ends ${(tookMs / 1000).toFixed(1)} s after SIGTERM`);
    const { State } = await container.inspect();
    const said = (await container.logs({ stdout: true, stderr: true, follow: false, tail: 5 })).toString('utf8');
    running.delete(name);
    await container.remove({ force: true, v: true });
    return { code: State.ExitCode, isInTime: tookMs < STOP_MS_MAX, said };
  }
});
