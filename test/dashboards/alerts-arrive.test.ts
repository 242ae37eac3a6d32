/**
 * Alerts arrive: the real service on a real Kafka, scraped by a real Prometheus, whose alerts a real Alertmanager sends to a webhook. Time
 * in the files that Prometheus and Alertmanager read is ten times as fast (compressed.ts), heartbeats too; all else is as it stands there.
 */
import { writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../free-ports.ts';
import { Stage } from '../crash/kafka/stage.ts';
import { allowKafkaItsTime, sharedBroker } from '../kafka/shared-broker.ts';
import { durationMs } from './prometheus/compressed.ts';
import { Alerting } from './prometheus/alerting.ts';

const MS_MAX = 300_000;
const FACTOR = 10;
/** A page is promised within two minutes. */
const PAGE_MS_MAX = 120_000;
const HEARTBEAT_SECONDS = 60 / FACTOR;
const WEEK_MS = durationMs('7d') / FACTOR;
/** Interceptions in five minutes, and their share of accesses, at this time of past weeks. */
const USUAL = { 'ntk:intercepted_attempts:increase5m': 5, 'ntk:intercepted_attempts:share5m': 0.01 };
/** More than 30, and fewer than the 50 from which one rule is suspected. */
const ATTEMPTS = 40;
const CALM = 40;
const POLICY =
  'version: on-call\npurposes: optional\nmodes: { default: enforce }\nactions: { undeclared_program: intercept }\nbaselines: { enabled: false }\n';

let stage: Stage;
const alerting = new Alerting();
allowKafkaItsTime();
beforeAll(async () => {
  stage = await Stage.open(await sharedBroker(), { env: { NTK_HEARTBEAT_SECONDS: String(HEARTBEAT_SECONDS) } });
  // Started again it has to be where Prometheus looks for it.
  const [scorer, writer] = [stage.scorer('scorer', '--port', String(await freePort())), stage.writer()];
  await stage.running(scorer, writer);
  const file = join(stage.deployment.folder, 'policy.yaml');
  writeFileSync(file, POLICY);
  const applied = await stage.deployment.command(['policy', 'apply', file]);
  if (applied.code !== 0) throw new Error(applied.stderr);
  await stage.send([declarationOf('calm'), ...stage.accesses(CALM).map((line) => of('calm', line))]);
  const targets = { gateway: stage.gateway, scorer, writer };
  const addresses = await Promise.all(
    Object.entries(targets).map(async ([name, service]) => [name, new URL(await service.url()).host] as const),
  );
  await alerting.start({ factor: FACTOR, targets: Object.fromEntries(addresses), history: history() });
  await stage.happens('all are scraped', () => alerting.targetsUp());
}, MS_MAX);
afterAll(async () => {
  await alerting.end();
  await stage.end();
}, MS_MAX);

/** Four weeks, around this time of each. */
function history(): string {
  const nowS = Math.floor(Date.now() / 1000);
  const lines = Object.entries(USUAL).flatMap(([name, value]) => [
    `# TYPE ${name} gauge`,
    ...[4, 3, 2, 1].flatMap((weeks) => {
      const aroundS = nowS - (weeks * WEEK_MS) / 1000;
      return Array.from({ length: 240 }, (_, i) => `${name} ${value} ${Math.floor(aroundS) - 1_200 + i * 10}`);
    }),
  ]);
  return lines.map((line) => `${line}\n`).join('');
}

function declarationOf(program: string): string {
  const purposes = [{ id: 'map', text: 'show a map', categories: [{ category: 'location' }] }];
  const data = { version: 1, developer: 'dev', name: program, class: 'maps', purposes };
  const head = { specversion: '1.0', id: `declaration-${program}`, source: 'host/test', type: 'ntk.declaration' };
  return JSON.stringify({ ...head, subject: program, time: new Date(1_790_000_000_000).toISOString(), data });
}

const of = (program: string, line: string): string => JSON.stringify({ ...(JSON.parse(line) as object), subject: program });

test('nothing but the alert that always fires arrives while all is well', async () => {
  await stage.happens('the watchdog is heard', () => alerting.told.some(({ receiver }) => receiver === 'watchdog'));
  expect(alerting.names('firing')).toEqual([]);
  expect(alerting.refused).toBe(0);
});

test('an incident pages within two minutes, in words with its numbers', {
  timeout: MS_MAX,
}, async () => {
  const fromMs = performance.now();
  await stage.send(stage.accesses(ATTEMPTS));
  await stage.happens('the surge arrives', () => alerting.names('firing').length > 0);
  const [first] = alerting.told.filter(({ labels }) => labels['alertname'] !== 'NtkWatchdog');
  const tookMs = (first!.atMs - fromMs) * FACTOR;
  writeSync(1, `from the incident to the webhook: ${Math.round(tookMs / 1000)} s, at the pace of the files\n`);
  expect(first).toEqual({
    receiver: 'pager',
    status: 'firing',
    labels: { alertname: 'NtkInterceptionSurge', severity: 'page', cause: 'traffic' },
    annotations: {
      summary: 'Far more attempts are intercepted than usual',
      description: expect.stringMatching(
        /^(?:3[1-9]|4\d) attempts were intercepted in the last 5 minutes; usual at this time is 5\. Either programs do what they should not, or a rule stops what it should not\.$/,
      ),
      runbook_url: 'docs/runbook/NtkInterceptionSurge.md',
    },
    atMs: expect.any(Number),
  });
  expect(tookMs).toBeLessThan(PAGE_MS_MAX);
});

test('when it is over that is told, and nothing else was', { timeout: MS_MAX }, async () => {
  await stage.happens('it is over', () => alerting.names('resolved').includes('NtkInterceptionSurge'));
  expect(alerting.names('firing')).toEqual(['NtkInterceptionSurge']);
});

test('a dead scorer brings the heartbeat alert, and not ten others', { timeout: MS_MAX }, async () => {
  const [scorer] = stage.deployment.services.filter(({ name }) => name === 'scorer');
  const fromMs = performance.now();
  await stage.send(stage.accesses(1).map((line) => of('calm', line)));
  await scorer!.kill();
  await stage.happens('the heartbeat is missed', () => alerting.names('firing', fromMs).length > 0);
  // Prometheus finds more than is told: wait for what would come last.
  const held = async (): Promise<string[]> => (await alerting.held()).map(({ name }) => name);
  await stage.happens('no scorer is left', async () => (await held()).includes('NtkServiceAbsent'));
  await stage.happens('a target is down', async () => (await held()).includes('NtkTargetDown'));
  for (const { name, inhibitedBy } of await alerting.held())
    if (!['NtkWatchdog', 'NtkHeartbeatMissing'].includes(name)) expect([name, inhibitedBy > 0]).toEqual([name, true]);
  const heard = alerting.told.filter(({ atMs, receiver }) => atMs >= fromMs && receiver !== 'watchdog');
  expect(new Set(heard.map(({ labels }) => `${labels['alertname']} of ${labels['partition']}`))).toEqual(
    new Set(['NtkHeartbeatMissing of 0', 'NtkHeartbeatMissing of 1']),
  );
  expect(heard.every(({ receiver }) => receiver === 'pager')).toBe(true);
  expect(heard[0]!.annotations['description']).toMatch(/sent \d+\.?\d*s ago|sent \d+m \d+s ago/);
  // What else is told from here on is not looked at: a process takes as long to start as ever, and at this pace that is minutes.
  scorer!.start();
  await stage.happens('it is over', async () => !(await held()).includes('NtkHeartbeatMissing'));
  await stage.happens('that is told', () => alerting.names('resolved', fromMs).includes('NtkHeartbeatMissing'));
});
