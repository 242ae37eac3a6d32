/**
 * Everything that can be taken away from a deployment on Kafka is taken away, at moments from a seed, while hosts send: nothing is
 * missing, nothing there twice, no verdict changed or told twice. `NTK_CRASH_KILLS` blows (200 in the long form), `NTK_CRASH_SEED`.
 */
import { writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { storedUpTo } from '../../../services/platform/log/writer-note.ts';
import { startBroker, type TestBroker } from '../../kafka/broker.ts';
import { Random } from '../../reference/random.ts';
import { Deployment, type Role } from './deployment.ts';
import { type FinalState, finalState } from './final-state.ts';
import { Harm } from './harm.ts';
import { Acknowledged, GatewayHost, KafkaHost } from './hosts.ts';
import { LogWatch } from './log-watch.ts';
import { describeStep, makeSchedule, type Victim } from './schedule.ts';
import type { Service } from './service.ts';

const KILLS = Number(process.env['NTK_CRASH_KILLS'] ?? 16);
const SEED = Number(process.env['NTK_CRASH_SEED'] ?? 20_260_303);
const PARTITIONS = 4;
const START_MS_MAX = 300_000;
const TIMEOUT_MS = 240_000 + KILLS * 15_000;
/** After the last blow: what dead producers left open is given up after 20 s, and pauses between two tries grow to 30 s. */
const DRAIN_MS_MAX = 150_000;

/** Halves of the blows: scorers that share the partitions among each other, and scorers that each have theirs. */
const FORMS = [
  { assignment: 'group', scorers: 3, kills: Math.ceil(KILLS / 2), seed: SEED },
  { assignment: 'ordinal', scorers: 2, kills: Math.floor(KILLS / 2), seed: SEED + 1_000 },
] as const;

describe.each(FORMS)('a deployment on Kafka, scorers by $assignment', ({ assignment, scorers, kills, seed }) => {
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

  test('loses nothing, doubles nothing and tells nobody twice, whatever is killed and whenever', { timeout: TIMEOUT_MS }, async () => {
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
    const common = { partitions: PARTITIONS, acknowledged, recordsMax: 30, pauseMs: 60 };
    const hosts = [1, 2].map((i) => new GatewayHost({ ...common, seed: seed + i }, services.gateway));
    const kafkaHost = new KafkaHost({ ...common, seed: seed + 3, recordsMax: 15 }, broker.address, `${deployment.prefix}.access.v1`);
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
    });
    const sending = Promise.all([...hosts, kafkaHost].map((host) => host.run(over.signal)));
    await hosts[0]!.sendBatch();
    const startedMs = performance.now();
    await harm.through(steps);
    over.abort();
    await sending;
    const harmedMs = performance.now() - startedMs;
    await drained();
    const drainedMs = performance.now() - startedMs - harmedMs;
    await watch.close();
    expect(deployment.endedByThemselves()).toEqual([]);

    const codes = await Promise.all(all.map(async (service) => [service.name, await service.stop()] as const));
    const state = await finalState(log, deployment.openWarehouse(url));
    const requests = hosts.reduce((sum, host) => sum + host.requests, 0);
    tell(harm, state, acknowledged, { harmedMs, drainedMs, requests, kafkaFailures: kafkaHost.failures });
    const unacknowledged = acknowledged.missing(state.found);
    expect({ ...wrongIn(state), unacknowledged }).toEqual({ ...NOTHING_WRONG, unacknowledged: 0 });
    expect(codes.filter(([, code]) => code !== 0)).toEqual([]);
    expect(state.rows).toBeGreaterThan(0);
    expect(state.verdicts).toBeGreaterThan(0);
    await provedByCommands(url, state);
    isGood = true;
  });

  async function drained(): Promise<void> {
    const log = await deployment.openLog();
    const deadline = performance.now() + DRAIN_MS_MAX;
    for (;;) {
      const waiting: string[] = [];
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const { end } = await log.bounds('access', partition);
        const stored = await storedUpTo(log, partition);
        if (stored < end) waiting.push(`partition ${partition} is stored up to ${stored} of ${end}`);
      }
      if (waiting.length === 0) return;
      if (performance.now() > deadline) throw new Error(`not drained (seed ${seed}, see ${deployment.folder}): ${waiting.join(', ')}`);
      await pause(100);
    }
  }

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
    const lines = [...harm.counts].toSorted().map(([what, count]) => `  ${String(count).padStart(4)} ${what}\n`);
    writeSync(1, lines.join(''));
  }
});

interface Quality {
  readonly complete: boolean;
  readonly unwritten: number;
  readonly recordsRead: number;
}

const NOTHING_WRONG = {
  missing: 0,
  doubled: 0,
  different: 0,
  unexpected: 0,
  verdictsMissing: 0,
  verdictsChanged: 0,
  toldTwice: 0,
  rejectsWrong: 0,
};

function wrongIn(state: FinalState): typeof NOTHING_WRONG {
  const { missing, doubled, different, unexpected, verdictsMissing, verdictsChanged, toldTwice, rejectsWrong } = state;
  return { missing, doubled, different, unexpected, verdictsMissing, verdictsChanged, toldTwice, rejectsWrong };
}
