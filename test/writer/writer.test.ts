/** The loop of a writer on a real log and a real engine: who has a partition, and how long it pauses. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Warehouse } from '../../services/platform/warehouse/warehouse.ts';
import { WarehouseError } from '../../services/platform/warehouse/warehouse.ts';
import { type EventLog, LogError, type LogErrorCode } from '../../services/platform/log/event-log.ts';
import { PartitionWriter } from '../../services/writer/partition-writer.ts';
import { Writer, type WriterObserver, type WriterOptions } from '../../services/writer/writer.ts';
import { changed, committing, intercepted } from '../crash/interruptions.ts';
import { ScoredLog } from '../crash/scored-log.ts';

const LIMITS = { rowsMax: 1, bytesMax: 1024 * 1024 };
const silent: WriterObserver = { written: () => {}, lost: () => {}, failed: () => {} };

let scored: ScoredLog;
let warehouse: Warehouse;
beforeEach(async () => {
  scored = await ScoredLog.make();
  warehouse = await scored.openWarehouse();
  await scored.append(50);
  await scored.scored();
});
afterEach(() => scored.remove());

function newWriter(over: Partial<WriterOptions> = {}): Writer {
  const { log, clock } = scored;
  const writer = new Writer({
    log,
    warehouse,
    clock,
    partitions: [0],
    limits: LIMITS,
    groupWaitMs: 10,
    observer: silent,
    ...over,
  });
  writer.flush();
  return writer;
}

test('a partition that another writer has taken is left to it, and a writer that has none is done', async () => {
  const lost: (number | null)[] = [];
  const writer = newWriter({ observer: { ...silent, lost: (_, retakeInMs) => void lost.push(retakeInMs) } });
  await writer.start();
  const other = await PartitionWriter.take({ log: scored.log, warehouse, partition: 0, limits: LIMITS });
  await scored.append(50);
  await scored.scored();
  await writer.ended();
  expect(lost).toEqual([null]);
  expect(writer.partitions).toEqual([]);
  while ((await other.step()).status === 'written');
  const [stored] = await warehouse.query<{ next: string }>('SELECT max(next) AS next FROM ntk.blocks');
  expect(Number(stored!.next)).toBe(100);
});

test('after a failure the partition is taken anew, pauses grow until something is stored, and what is taken is given back', async () => {
  let [claims, releases, refusals] = [0, 0, 0];
  const log = changed(scored.log, {
    claim: async (role, partition) => {
      const owner = await scored.log.claim(role, partition);
      claims++;
      const release = async (): Promise<void> => {
        releases++;
        await owner.release();
      };
      return { role, partition, release, commit: (transaction) => owner.commit(transaction) };
    },
  });
  const { nowMs, monotonicMs, turn } = scored.clock;
  const pauses: number[] = [];
  const slept: number[] = [];
  const refusing = intercepted(warehouse, {
    before: (operation) => {
      if (operation !== 'insert access_results' || refusals === 0) return;
      refusals--;
      throw new WarehouseError('network', true, 'away');
    },
  });
  const { promise: isStored, resolve } = Promise.withResolvers<void>();
  let written = 0;
  const writer = newWriter({
    log,
    warehouse: refusing,
    clock: { nowMs, monotonicMs, turn, sleep: async (ms) => void slept.push(ms) },
    observer: {
      ...silent,
      failed: (_, __, ___, retryInMs) => void pauses.push(retryInMs),
      written: () => {
        written++;
        if (written === 1) refusals = 2;
        if (written === 2) resolve();
      },
    },
  });
  refusals = 2;
  await writer.start();
  await scored.append(50);
  await scored.scored();
  await isStored;
  await writer.stop();
  expect(pauses).toEqual([200, 400, 200, 400]);
  expect(slept).toEqual(pauses);
  expect(claims).toBe(5);
  expect(releases).toBe(1);
});

test('what fails to be stored is known as long as it does, although another partition has nothing to store', async () => {
  const two = await ScoredLog.make(2);
  await two.append(50);
  await two.scored();
  const { nowMs, monotonicMs, turn } = scored.clock;
  const failures: (string | null)[] = [];
  const { promise: isStored, resolve } = Promise.withResolvers<void>();
  const refusing = intercepted(warehouse, {
    before: (operation) => {
      if (operation !== 'insert access_results') return;
      failures.push(writer.failure);
      if (failures.length < 3) throw new WarehouseError('network', true, 'away');
    },
  });
  const writer = newWriter({
    log: two.log,
    warehouse: refusing,
    partitions: [0, 1],
    clock: { nowMs, monotonicMs, turn, sleep: async () => {} },
    observer: { ...silent, written: () => resolve() },
  });
  await writer.start();
  await isStored;
  await writer.stop();
  await two.remove();
  expect(failures.slice(0, 3)).toEqual([null, 'network', 'network']);
  expect(writer.failure).toBeNull();
});

/** The log whose first reading of results fails so. */
function failingOnce(code: LogErrorCode): EventLog {
  let failed = false;
  return changed(scored.log, {
    read: async (stream, partition, offset, limits) => {
      if (stream !== 'results' || failed) return scored.log.read(stream, partition, offset, limits);
      failed = true;
      throw new LogError(code, 'as the test wants it');
    },
  });
}

test.each(['log_busy', 'log_disk_full', 'log_unreachable'] as const)('a log that is %s is read again', async (code) => {
  const { promise: isStored, resolve } = Promise.withResolvers<void>();
  const codes: string[] = [];
  const observer: WriterObserver = {
    ...silent,
    failed: (_, __, failed) => void codes.push(failed),
    written: () => resolve(),
    refused: () => expect.unreachable('it needs nobody'),
  };
  const writer = newWriter({ log: failingOnce(code), onRefused: 'park', observer });
  await writer.start();
  await isStored;
  await writer.stop();
  expect(codes).toEqual([code]);
});

test.each(['log_corrupt', 'log_offset_out_of_range'] as const)(
  'a log that is %s stands still until it is mended',
  async (code) => {
    const { promise: isStored, resolve } = Promise.withResolvers<void>();
    const { nowMs, monotonicMs: startMs, turn, sleep } = scored.clock;
    const began = startMs();
    let [refused, parkedMs] = [0, 0];
    const observer: WriterObserver = {
      ...silent,
      refused: () => {
        refused++;
        parkedMs = 5_000;
      },
      failed: () => expect.unreachable('nothing that comes by itself mends it'),
      written: () => resolve(),
    };
    // Time goes on by as much as it rests.
    const clock = { nowMs, monotonicMs: () => began + parkedMs, turn, sleep };
    const writer = newWriter({ log: failingOnce(code), onRefused: 'park', clock, observer });
    await writer.start();
    await isStored;
    await writer.stop();
    expect(refused).toBe(1);
    expect(writer.troubles()).toEqual(new Map());
  },
);

test.each(['log_corrupt', 'log_offset_out_of_range'] as const)(
  'a log that is %s ends a writer that has it to itself, and is not read again',
  async (code) => {
    const writer = newWriter({ log: failingOnce(code), observer: { ...silent, failed: () => void writer.stop() } });
    await writer.start();
    await expect(writer.ended()).rejects.toMatchObject({ code });
    await writer.stop();
  },
);

test('what has to be ready before the first insert is made ready again until it is, and then never', async () => {
  let prepared = 0;
  const inserts: number[] = [];
  const written = Promise.withResolvers<void>();
  const { nowMs, monotonicMs, turn } = scored.clock;
  const writer = newWriter({
    clock: { nowMs, monotonicMs, turn, sleep: turn },
    warehouse: intercepted(warehouse, { before: (operation) => void (operation.startsWith('insert') && inserts.push(prepared)) }),
    prepare: async () => {
      if (++prepared < 3) throw new WarehouseError('UNREACHABLE', true, 'made up: it is away');
    },
    observer: { ...silent, written: () => written.resolve() },
  });
  await writer.start();
  await written.promise;
  await writer.stop();
  expect(prepared).toBe(3);
  expect(new Set(inserts)).toEqual(new Set([3]));
});

test('a partition that is lost again soon after it was taken back is left to others for longer each time', async () => {
  const lost: (number | null)[] = [];
  const { promise: isLost, resolve } = Promise.withResolvers<void>();
  const { nowMs, turn, sleep } = scored.clock;
  let aheadMs = 0;
  const clock = { nowMs, turn, sleep, monotonicMs: () => performance.now() + aheadMs };
  const claim = committing(scored.log, () => async () => ({ status: 'fenced' }));
  const observer: WriterObserver = {
    ...silent,
    lost: (_, retakeInMs) => {
      lost.push(retakeInMs);
      aheadMs += retakeInMs ?? 0;
      if (lost.length === 3) resolve();
    },
  };
  const writer = newWriter({ log: changed(scored.log, { claim }), clock, onFenced: 'take again', observer });
  await writer.start();
  await isLost;
  await writer.stop();
  expect(lost).toEqual([5_000, 10_000, 20_000]);
});

test('what failed to be stored is said no more once the partition waits for a person', async () => {
  const { promise: isParked, resolve } = Promise.withResolvers<string | null>();
  const failures: (string | null)[] = [];
  let isCorrupt = false;
  const log = changed(scored.log, {
    read: async (stream, ...args) => {
      if (stream === 'results' && isCorrupt) throw new LogError('log_corrupt', 'as the test wants it');
      return scored.log.read(stream, ...args);
    },
  });
  const refusing = intercepted(warehouse, {
    before: (operation) => {
      if (operation === 'insert access_results') throw new WarehouseError('network', true, 'away');
    },
  });
  const observer: WriterObserver = {
    ...silent,
    failed: () => {
      failures.push(writer.failure);
      isCorrupt = true;
    },
    refused: () => resolve(writer.failure),
  };
  const writer = newWriter({ log, warehouse: refusing, onRefused: 'park', observer });
  await writer.start();
  expect(await isParked).toBeNull();
  expect(failures).toEqual(['network']);
  await writer.stop();
});

test('a refusal of ClickHouse before anything was stored ends a writer that would wait for it later', async () => {
  const denied = async (): Promise<never> => Promise.reject(new WarehouseError('ACCESS_DENIED', false, 'a wrong password'));
  const writer = newWriter({ prepare: denied, onRefused: 'park', observer: { ...silent, failed: () => void writer.stop() } });
  await writer.start();
  await expect(writer.ended()).rejects.toThrow('a wrong password');
});
