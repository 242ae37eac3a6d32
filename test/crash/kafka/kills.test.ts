/**
 * Everything that can be taken away from a deployment on Kafka is taken away, at moments from a seed, while hosts send: nothing is
 * missing, nothing there twice, no verdict changed or told twice. `NTK_CRASH_KILLS` blows (200 in the long form), `NTK_CRASH_SEED`.
 */
import { appendFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBroker, type TestBroker } from '../../kafka/broker.ts';
import { Random } from '../../reference/random.ts';
import { Deployment, type Role } from './deployment.ts';
import { drained } from './drained.ts';
import { type FinalState, finalState } from './final-state.ts';
import { Harm } from './harm.ts';
import { Acknowledged, GatewayHost, KafkaHost } from './hosts.ts';
import { LogWatch } from './log-watch.ts';
import { describeStep, makeSchedule, type Victim } from './schedule.ts';
import type { Service } from './service.ts';
import { NOTHING_WRONG, wrongIn } from './stage.ts';

const KILLS = Number(process.env['NTK_CRASH_KILLS'] ?? 3);
const SEED = Number(process.env['NTK_CRASH_SEED'] ?? 20_260_303);
const PARTITIONS = 4;
const HOSTS = 5;
const START_MS_MAX = 300_000;
const TIMEOUT_MS = 240_000 + KILLS * 15_000;
/** From here on, in halves: with few blows a second deployment would cost more than it finds. */
const BOTH_FORMS_KILLS = 50;
const kills = KILLS < BOTH_FORMS_KILLS ? KILLS : Math.ceil(KILLS / 2);

/** Scorers that share the partitions among each other, and scorers that each have theirs. */
const FORMS = [
  { assignment: 'group', scorers: 3, seed: SEED },
  { assignment: 'ordinal', scorers: 2, seed: SEED + 1_000 },
].slice(0, KILLS < BOTH_FORMS_KILLS ? 1 : 2);

describe.each(FORMS)('a deployment on Kafka, scorers by $assignment', ({ assignment, scorers, seed }) => {
  let broker: TestBroker;
  let deployment: Deployment;
  let isGood = false;
  beforeAll(async () => {
    broker = await startBroker();
    deployment = new Deployment({ address: broker.address, partitions: PARTITIONS });
  }, START_MS_MAX);
  afterAll(async () => {
    await deployment.end({ keepFolder: !isGood });
    await broker.stop();
  }, START_MS_MAX);

  function argsOf(role: Role, index: number, url: string): string[] {
    if (role === 'gateway') return [];
    if (role === 'writer') return ['--clickhouse', url, '--assignment', `${index}/2`];
    return ['--assignment', assignment === 'group' ? 'group' : `${index}/${scorers}`];
  }

  function make(role: Role, count: number, url: string, suffix = ''): Service[] {
    return Array.from({ length: count }, (_, i) => deployment.service(role, `${role}-${i}${suffix}`, argsOf(role, i, url)));
  }

  test('loses nothing, doubles nothing and tells nobody twice, whatever is killed and whenever', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const steps = makeSchedule(new Random(seed), kills);
    writeFileSync(join(deployment.folder, 'schedule.txt'), steps.map((step) => `${describeStep(step)}\n`).join(''));
    const log = await deployment.openLog();
    const { service: clickhouse, url } = await deployment.clickhouse();
    const services: Record<Victim, Service[]> = {
      gateway: make('gateway', 2, url),
      scorer: make('scorer', scorers, url),
      writer: make('writer', 2, url),
    };
    // Whoever takes the place of one that stands still has a folder of its own, as on another machine.
    const replacements = new Map(
      (['gateway', 'scorer', 'writer'] as const).flatMap((role) => {
        const others = make(role, services[role].length, url, '-replacement');
        return services[role].map((service, i) => [service, others[i]!] as const);
      }),
    );
    const all = Object.values(services).flat();
    for (const service of all) service.start();

    const acknowledged = new Acknowledged();
    const over = new AbortController();
    const common = { partitions: PARTITIONS, acknowledged, recordsMax: 40, pauseMs: 200 };
    const hosts = Array.from({ length: HOSTS }, (_, i) => new GatewayHost({ ...common, seed: seed + 10 + i }, services.gateway));
    const kafkaHost = new KafkaHost(
      { ...common, seed: seed + 3, recordsMax: 15 },
      broker.address,
      `${deployment.prefix}.access.v1`,
    );
    const watch = new LogWatch(log, broker, `${deployment.prefix}.results.v1`);
    const harm = new Harm({
      deployment,
      broker,
      clickhouse,
      services,
      hosts,
      watch,
      random: new Random(seed + 4),
      replacementOf: (service) => replacements.get(service)!,
      onTold: (what) => appendFileSync(join(deployment.folder, 'steps.txt'), `${new Date().toISOString()} ${what}\n`),
    });
    const sending = Promise.all([...hosts, kafkaHost].map((host) => host.run(over.signal)));
    await hosts[0]!.sendBatch();
    const startedMs = performance.now();
    await harm.through(steps);
    over.abort();
    await sending;
    const harmedMs = performance.now() - startedMs;
    await drained(await deployment.openLog(), deployment);
    const drainedMs = performance.now() - startedMs - harmedMs;
    await watch.close();
    expect(deployment.endedByThemselves()).toEqual([]);

    const codes = await Promise.all(all.map(async (service) => [service.name, await service.stop()] as const));
    const state = await finalState(log, deployment.openWarehouse(url));
    const requests = hosts.reduce((sum, host) => sum + host.requests, 0);
    tell(harm, state, acknowledged, { harmedMs, drainedMs, requests, kafkaFailures: kafkaHost.failures });
    expect(wrongIn(state, acknowledged)).toEqual(NOTHING_WRONG);
    expect(codes.filter(([, code]) => code !== 0)).toEqual([]);
    expect(state.rows).toBeGreaterThan(0);
    expect(state.verdicts).toBeGreaterThan(0);
    await provedByCommands(url, state);
    isGood = true;
  });

  async function provedByCommands(url: string, { records, rows }: FinalState): Promise<void> {
    const data = join(deployment.folder, 'scorer-0');
    const verify = await deployment.command(['verify', '--data', data, '--clickhouse', url]);
    expect({ code: verify.code, said: verify.code === 0 ? '' : verify.stdout + verify.stderr }).toEqual({ code: 0, said: '' });
    const report = await deployment.command(['report', 'interceptions', '--data', data, '--clickhouse', url, '--json']);
    const { accesses, quality } = JSON.parse(report.stdout) as { accesses: number; quality: Quality };
    expect(accesses).toBe(rows);
    expect(quality).toMatchObject({ complete: true, unwritten: 0 });
    expect(quality.recordsRead).toBeLessThanOrEqual(records);
  }

  function tell(harm: Harm, state: FinalState, acknowledged: Acknowledged, more: Readonly<Record<string, number>>): void {
    const { rows, missing, doubled, different, unexpected, physicalDoubles } = state;
    const figures = Object.entries(more).map(([name, value]) => `${name} ${Math.round(value)}`);
    writeSync(
      1,
      `kafka, ${assignment}: ${harm.kills} kills, ${acknowledged.records} records acknowledged, ${state.records} in the log; rows ${rows}: missing ${missing}, doubled ${doubled} (on disk ${physicalDoubles}), different ${different}, unexpected ${unexpected}; verdicts ${state.verdicts}: missing ${state.verdictsMissing}, changed ${state.verdictsChanged}, told twice ${state.toldTwice}; rejects ${state.rejects}; ${figures.join(', ')}; seed ${seed}\n`,
    );
    const lines = [...harm.counts.keys()].toSorted().map((what) => `  ${String(harm.counts.get(what)).padStart(4)} ${what}\n`);
    writeSync(1, lines.join(''));
  }
});

interface Quality {
  readonly complete: boolean;
  readonly unwritten: number;
  readonly recordsRead: number;
}
