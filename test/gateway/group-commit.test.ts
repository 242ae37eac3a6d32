import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { GroupCommit, type Submitted } from '../../services/gateway/group-commit.ts';
import type { HealthState } from '../../services/platform/http/health.ts';
import { type EventLog, LogError, ORIGIN } from '../../services/platform/log/event-log.ts';
import type { SqliteEventLog } from '../../services/platform/log/sqlite/sqlite-event-log.ts';
import { refusalState } from '../../services/system/running/gateway-parts.ts';
import { event, type Options, PARTITIONS, RunningGateway } from './running-gateway.ts';
import { TestClock } from './test-clock.ts';

const REQUESTS = 60;
const RECORDS_EACH = 5;

/** A log whose acknowledgement takes until it is let go, like that of a server far away. Everything else is the log's own. */
class FarAway {
  readonly commits: number[] = [];
  #gates: (() => void)[] = [];
  #isOpen = false;
  readonly log: SqliteEventLog;

  constructor(log: SqliteEventLog) {
    this.log = log;
  }

  get partitions(): number {
    return this.log.partitions;
  }

  commit: EventLog['commit'] = async (transaction) => {
    this.commits.push((transaction.appends ?? []).reduce((sum, { values }) => sum + values.length, 0));
    if (!this.#isOpen) await new Promise<void>((resolve) => this.#gates.push(resolve));
    return this.log.commit(transaction);
  };

  letGo(): void {
    this.#isOpen = true;
    for (const open of this.#gates.splice(0)) open();
  }
}

describe('the log and the gateway', () => {
  let gateway: RunningGateway;
  let away: FarAway;
  const opened = async (options: Options = {}): Promise<void> => {
    gateway = await RunningGateway.open({ before: (log) => (away = new FarAway(log)), ...options });
    gateway.allow('host');
  };
  afterEach(async () => {
    away?.letGo();
    await gateway.stop();
  });

  const waitFor = async (name: string, value: number): Promise<void> => {
    while ((await gateway.metric(name)) !== value);
  };

  it('make one transaction of many requests, each whole, in order and once, and acknowledge after it', async () => {
    await opened();
    const bodies = Array.from({ length: REQUESTS }, (_, i) =>
      Array.from({ length: RECORDS_EACH }, (_unused, j) => event('host', { id: `${i}-${j}` })),
    );
    const answers: number[] = [];
    const sent = bodies.map(async (records) => {
      const { status } = await gateway.post('host', records.join('\n'));
      answers.push(status);
    });
    await waitFor('ntk_gateway_in_flight_requests', REQUESTS);
    await waitFor('ntk_gateway_queued_requests', REQUESTS - (away.commits[0] ?? 0) / RECORDS_EACH);
    expect(answers).toEqual([]);
    expect(await gateway.count()).toBe(0);
    away.letGo();
    await Promise.all(sent);
    expect(answers).toEqual(Array.from({ length: REQUESTS }, () => 202));
    expect(away.commits.length).toBeLessThanOrEqual(3);
    const all = (await gateway.records()).flat();
    expect(all).toHaveLength(REQUESTS * RECORDS_EACH);
    expect(new Set(all)).toEqual(new Set(bodies.flat()));
    for (const records of bodies) {
      const first = all.indexOf(records[0]!);
      expect(all.slice(first, first + RECORDS_EACH)).toEqual(records);
    }
    expect(await gateway.metric('ntk_gateway_in_flight_bytes')).toBe(0);
  });

  it('keep a transaction within its size', async () => {
    await opened({ limits: { groupRecordsMax: 10 } });
    const sent = Array.from({ length: 20 }, () => gateway.post('host', `${event('host')}\n${event('host')}\n${event('host')}`));
    await waitFor('ntk_gateway_in_flight_requests', 20);
    away.letGo();
    for (const response of await Promise.all(sent)) expect(response.status).toBe(202);
    expect(Math.max(...away.commits)).toBeLessThanOrEqual(10);
    expect(await gateway.count()).toBe(60);
  });

  it('keep a transaction within its bytes', async () => {
    const { length } = event('host', { id: 'e100' });
    await opened({ limits: { groupBytesMax: 3 * length } });
    const sent = Array.from({ length: 20 }, (_, i) => gateway.post('host', event('host', { id: `e${100 + i}` })));
    await waitFor('ntk_gateway_in_flight_requests', 20);
    away.letGo();
    for (const response of await Promise.all(sent)) expect(response.status).toBe(202);
    expect(Math.max(...away.commits)).toBe(3);
  });

  it('know that hosts sent the records while they happened', async () => {
    await opened({ before: (log) => log });
    await gateway.post('host', `${event('host')}\n${event('host')}`);
    const origins: number[] = [];
    for (let partition = 0; partition < PARTITIONS; partition++)
      origins.push(...(await gateway.log.read('access', partition, 0, { maxRecords: 10, maxBytes: 1_000_000 })).origins);
    expect(origins).toEqual([ORIGIN.live, ORIGIN.live]);
  });

  it('give up in time: what waits is taken back, what is under way may be there or not', async () => {
    await opened({ limits: { commitTimeoutMs: 300 } });
    const first = gateway.post('host', event('host', { id: 'first' }));
    while (away.commits.length === 0) await gateway.metric('ntk_gateway_in_flight_requests');
    const second = gateway.post('host', event('host', { id: 'second' }));
    const says = async (response: Response): Promise<unknown> => [
      response.status,
      response.headers.get('retry-after'),
      ((await response.json()) as { error: string }).error,
    ];
    expect(await says(await first)).toEqual([503, '1', expect.stringContaining('send the same again')]);
    expect(await says(await second)).toEqual([503, '1', expect.stringContaining('nothing of this request')]);
    // The one under way still takes its memory: that is where its bytes are.
    expect(await gateway.metric('ntk_gateway_in_flight_requests')).toBe(1);
    away.letGo();
    await waitFor('ntk_gateway_in_flight_requests', 0);
    expect((await gateway.records()).flat().map((text) => (JSON.parse(text) as { id: string }).id)).toEqual(['first']);
  });

  it('are finished with each other before the gateway stops', async () => {
    await opened();
    const sent = gateway.post('host', event('host'));
    await waitFor('ntk_gateway_in_flight_requests', 1);
    away.letGo();
    expect((await sent).status).toBe(202);
  });

  it('lose an answer, and no record, when the log takes longer than a gateway waits that is stopped', async () => {
    await opened();
    const answered = gateway.post('host', event('host', { id: 'late' })).then(
      () => true,
      () => false,
    );
    await waitFor('ntk_gateway_in_flight_requests', 1);
    const committed: string[] = [];
    const commit = away.log.commit.bind(away.log);
    away.log.commit = async (transaction) => {
      for (const value of transaction.appends?.[0]?.values ?? []) committed.push(Buffer.from(value).toString());
      return commit(transaction);
    };
    const stopped = gateway.stop();
    expect(await answered).toBe(false);
    // Whoever sends it again is recognised.
    expect(committed).toEqual([]);
    away.letGo();
    await stopped;
    expect(committed.map((text) => (JSON.parse(text) as { id: string }).id)).toEqual(['late']);
  });

  it('acknowledge nothing on a disk that is full, and go on when there is room', async () => {
    await opened({ bytesMax: 200_000, before: (log) => log });
    const large = (id: string): string =>
      event('host', {
        id,
        x: Array.from({ length: 20_000 }, (_, i) => ((i * 2_654_435_761) % 4_294_967_296).toString(36)).join(''),
      });
    let accepted = 0;
    let refused: Response | null = null;
    for (let i = 0; refused === null; i++) {
      const response = await gateway.post('host', large(`${i}`));
      if (response.status === 202) accepted++;
      else refused = response;
    }
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '30']);
    const { error } = (await refused.json()) as { error: string };
    expect(error).toContain('cannot take records now');
    // Paths of the server are not for hosts; the process's own log has them.
    expect(error).not.toContain(gateway.folder);
    expect(gateway.said.join('')).toContain('log_disk_full');
    expect(await gateway.count()).toBe(accepted);
    expect(await gateway.metric('ntk_gateway_commit_failures_total{code="log_disk_full"}')).toBe(1);
    expect((await gateway.post('host', event('host'))).status).toBe(202);
    expect(await gateway.count()).toBe(accepted + 1);
  });

  it('acknowledge nothing while another process keeps the log busy', async () => {
    await opened({ busyTimeoutMs: 10, before: (log) => log });
    const other = new DatabaseSync(gateway.logPath);
    other.exec('BEGIN IMMEDIATE');
    const record = event('host');
    const response = await gateway.post('host', record);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    other.exec('ROLLBACK');
    other.close();
    expect(await gateway.count()).toBe(0);
    expect((await gateway.post('host', record)).status).toBe(202);
    expect((await gateway.records()).flat()).toEqual([record]);
  });

  it('say that a bug is one, and tell the sender nothing of it', async () => {
    await opened({ before: (log) => log });
    const { log } = gateway;
    await log.close();
    const response = await gateway.post('host', event('host'));
    expect([response.status, await response.json()]).toEqual([
      500,
      { error: expect.stringContaining('failed inside') as string },
    ]);
    expect(gateway.said.join('')).toMatch(/"level":"error".*ERR_INVALID_STATE/);
  });
});

describe('the loop of groups', () => {
  it('stands still when a transaction hangs, and not when there is nothing to do', async () => {
    let letGo = (): void => {};
    const clock = new TestClock();
    const queue = new GroupCommit({
      log: { commit: () => new Promise((resolve) => (letGo = () => resolve({ baseOffsets: [] }))) },
      clock,
      groupBytesMax: 10,
      groupRecordsMax: 10,
      commitTimeoutMs: 5_000,
      observe: () => {},
    });
    clock.advance(100);
    expect(queue.progressAtMs).toBe(clock.monotonicMs());
    const places = new Map([[0, [Buffer.from('x')]]]);
    const answer = queue.submit({ places, records: 1, bytes: 1, onLetGo: () => {} });
    const submittedAtMs = clock.monotonicMs();
    clock.advance(70_000);
    expect(queue.progressAtMs).toBe(submittedAtMs);
    while (queue.waiting > 0) await nextTurn();
    letGo();
    expect(await answer).toEqual({ status: 'committed' });
    await queue.idle();
    clock.advance(70_000);
    expect(queue.progressAtMs).toBe(clock.monotonicMs());
  });

  it('is not well once the log has taken nothing for half a minute, until it takes something or nobody tries', async () => {
    const clock = new TestClock();
    let denied: Error | null = new LogError('log_unreachable', 'committing: Kafka refuses these credentials');
    const queue = new GroupCommit({
      log: { commit: async () => (denied === null ? { baseOffsets: [] } : Promise.reject(denied)) },
      clock,
      groupBytesMax: 10,
      groupRecordsMax: 10,
      commitTimeoutMs: 5_000,
      observe: () => {},
    });
    const send = async (afterMs: number): Promise<HealthState | null> => {
      clock.advance(afterMs);
      await queue.submit({ places: new Map([[0, [Buffer.from('x')]]]), records: 1, bytes: 1, onLetGo: () => {} });
      await queue.idle();
      return refusalState(queue.refusal, clock);
    };
    expect([await send(0), await send(29_000)]).toEqual([null, null]);
    const ill = {
      ok: false,
      detail: 'the log has taken nothing that hosts sent for 31 s: committing: Kafka refuses these credentials',
    };
    expect(await send(2_000)).toEqual(ill);
    clock.advance(60_000);
    expect(refusalState(queue.refusal, clock)).toEqual(ill);
    clock.advance(1);
    expect(refusalState(queue.refusal, clock)).toBeNull();
    expect(await send(0)).toMatchObject({ ok: false });
    denied = null;
    expect(await send(0)).toBeNull();
    // What is refused then begins anew.
    denied = new Error('a fault');
    expect([await send(0), await send(29_000)]).toEqual([null, null]);
  });

  it('takes one request at least in a group, however large it is', async () => {
    const sizes: number[] = [];
    const queue = new GroupCommit({
      log: { commit: async ({ appends = [] }) => (sizes.push(appends.length), { baseOffsets: [] }) },
      clock: new TestClock(),
      groupBytesMax: 10,
      groupRecordsMax: 10,
      commitTimeoutMs: 5_000,
      observe: () => {},
    });
    const one: Submitted = { places: new Map([[0, [Buffer.from('x')]]]), records: 1_000, bytes: 1_000, onLetGo: () => {} };
    expect(await Promise.all([queue.submit(one), queue.submit(one)])).toEqual([{ status: 'committed' }, { status: 'committed' }]);
    await queue.idle();
    expect(sizes).toEqual([1, 1]);
  });
});
