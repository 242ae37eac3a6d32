/** What a real Alertmanager makes of several alerts at once: which of them it would tell. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Service } from '../../crash/kafka/service.ts';
import { environment } from '../../environment.ts';
import { freePort } from '../../free-ports.ts';
import { programFile } from '../prometheus/programs.ts';
import { ALERTMANAGER, ALERTS } from '../prometheus/rule-files.ts';

const POLL_MS = 50;
const POLLS_MAX = 400;

const folder = mkdtempSync(join(tmpdir(), 'ntk-inhibition-'));
let service: Service;
let url: string;
beforeAll(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}/api/v2/alerts`;
  const options = [`--config.file=${join(ALERTMANAGER, 'alertmanager.yaml')}`, `--storage.path=${folder}`];
  const listen = [`--web.listen-address=127.0.0.1:${port}`, '--cluster.listen-address='];
  service = new Service({
    name: 'alertmanager',
    command: [await programFile('alertmanager'), ...options, ...listen],
    env: environment(),
    outputFile: join(folder, 'alertmanager.log'),
  });
  service.start();
  await service.says(/Listening on/);
});
afterAll(async () => {
  await service.kill();
  rmSync(folder, { recursive: true, force: true });
});

/** `NtkLagRecords partition=3`, with the labels of its rule. */
function labelsOf(text: string): Record<string, string> {
  const [alertname = '', ...more] = text.split(' ');
  const own = Object.fromEntries(more.map((pair) => pair.split('=') as [string, string]));
  const rules = ALERTS.filter(({ alert }) => alert === alertname);
  const rule = rules.find(({ labels }) => labels['service'] === own['service']) ?? rules[0];
  if (rule === undefined) throw new Error(`no rule gives ${text}`);
  return { ...rule.labels, ...own, alertname };
}

interface Held {
  readonly labels: Readonly<Record<string, string>>;
  readonly status: { readonly state: 'unprocessed' | 'active' | 'suppressed' };
}

function isTold(held: readonly Held[], text: string): boolean {
  const wanted = Object.entries(labelsOf(text));
  return held.find(({ labels }) => wanted.every(([name, value]) => labels[name] === value))!.status.state !== 'suppressed';
}

/** Those of `firing` that are told. They are over before it returns. */
async function told(firing: readonly string[]): Promise<string[]> {
  const post = async (more: object): Promise<void> => {
    const body = JSON.stringify(firing.map((text) => ({ labels: labelsOf(text), ...more })));
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    expect(response.status).toBe(200);
  };
  await post({});
  const ask = async (): Promise<Held[]> => (await (await fetch(url)).json()) as Held[];
  let answer: string[] | null = null;
  for (let polls = 0; polls < POLLS_MAX; polls++) {
    const held = await ask();
    const now = held.length === firing.length ? firing.filter((text) => isTold(held, text)) : null;
    // Who silences whom is known a moment after the alerts are: until it stays the same.
    if (now !== null && now.length === answer?.length) break;
    answer = now;
    await pause(POLL_MS);
  }
  await post({ endsAt: new Date(Date.now() - 1_000).toISOString() });
  for (let polls = 0; polls < POLLS_MAX && (await ask()).length > 0; polls++) await pause(POLL_MS);
  return answer ?? [];
}

const DEAD_SCORER = [
  'NtkServiceAbsent service=scorer',
  'NtkTargetDown service=scorer job=ntk-scorer',
  'NtkHeartbeatNotStored partition=3',
];

test.each([
  ['a dead scorer', ['NtkHeartbeatMissing partition=3', ...DEAD_SCORER, 'NtkCheckpointOld', 'NtkSourceSilent source=host/a'], 1],
  [
    'a dead scorer, and a partition of another one that is not stored',
    ['NtkHeartbeatMissing partition=3', 'NtkHeartbeatNotStored partition=4'],
    2,
  ],
  ['a dead scorer and a dead writer', ['NtkHeartbeatMissing partition=3', 'NtkServiceAbsent service=writer', ...DEAD_SCORER], 2],
  ['one of two scorers', ['NtkTargetDown service=scorer job=ntk-scorer'], 1],
  [
    'scorers that are too slow',
    ['NtkVerdictsLate', 'NtkHeartbeatMissing partition=3', 'NtkLagRecords partition=3', 'NtkVerdictLatencyHigh'],
    1,
  ],
  [
    'ClickHouse away',
    ['NtkWriteFailures', 'NtkUnwrittenLag', 'NtkHeartbeatNotStored partition=3', 'NtkHeartbeatNotStored partition=4'],
    1,
  ],
  ['ClickHouse slow', ['NtkUnwrittenLag', 'NtkHeartbeatNotStored partition=3'], 1],
  [
    'ClickHouse away until what it lacks is about to be deleted',
    ['NtkWriteFailures', 'NtkLogNearRetention log=results', 'NtkUnwrittenLag'],
    2,
  ],
  [
    'a partition that stopped',
    ['NtkPartitionStopped partition=3', 'NtkHeartbeatMissing partition=3', 'NtkLagRecords partition=3'],
    1,
  ],
  [
    'a partition that stopped, and another one that is silent',
    ['NtkPartitionStopped partition=3', 'NtkHeartbeatMissing partition=4'],
    2,
  ],
  [
    'Kafka away',
    ['NtkGatewayUnavailable', 'NtkHeartbeatMissing partition=3', 'NtkServiceAbsent service=scorer', 'NtkVerdictsLate'],
    1,
  ],
  [
    'no gateway',
    ['NtkServiceAbsent service=gateway', 'NtkTargetDown service=gateway', 'NtkSourceSilent source=host/a', 'NtkHeartbeatOff'],
    1,
  ],
  [
    'a rule that stops everybody',
    ['NtkRuleInterceptsTooMuch reason=a', 'NtkInterceptionSurge', 'NtkFindingShareJump reason=a'],
    1,
  ],
  ['a rule that stops everybody, and another one', ['NtkRuleInterceptsTooMuch reason=a', 'NtkFindingShareJump reason=b'], 2],
  [
    'facts without a signature',
    ['NtkUnauthorisedFacts', 'NtkRejectsJump reason=unauthorised', 'NtkRejectsJump reason=too_large'],
    2,
  ],
])('%s: of %j the first is told, %i in all', async (_, firing, count) => {
  const answer = await told(firing);
  expect(answer).toHaveLength(count);
  expect(answer[0]).toBe(firing[0]);
});
