/**
 * A row of the failure table with real processes: the disk of a data folder is full. The disk is one in memory, which on Linux root may
 * make, and anybody in a namespace of their own where the system allows that.
 */
import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { environment } from '../environment.ts';
import { systemClock } from '../../services/platform/clock.ts';
import { openSqliteLog } from '../../services/platform/log/sqlite/open-sqlite-log.ts';
import { Spool } from '../../services/platform/warehouse/spool.ts';
import { ntkOk, ROOT } from '../acceptance/ntk.ts';
import { access, ndjson } from '../acceptance/records.ts';
import { sharedBroker } from '../kafka/shared-broker.ts';
import { Service } from './kafka/service.ts';

const TEST_MS_MAX = 300_000;
const NODE = join(ROOT, 'node_modules/.bin/node');
const RECORDS = 20_000;
/** At its end stands what to do; a line of the log is JSON around it. */
const MAKE_ROOM = /no space is left for .*; make room on that disk and try again(?:"\}|)$/;

let folder: string;
let disk: string;
const services: Service[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ntk-full-'));
  disk = join(folder, 'disk');
  execFileSync('mkdir', [disk]);
});
afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.kill()));
  execFileSync('umount', [disk]);
  rmSync(folder, { recursive: true, force: true });
}, TEST_MS_MAX);

function mountDisk(size: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', disk]);
}

function growDisk(size: string): void {
  execFileSync('mount', ['-o', `remount,size=${size}`, disk]);
}

function ntk(args: readonly string[], env: Readonly<Record<string, string>> = {}): Service {
  const service = new Service({
    name: args[0]!,
    command: [NODE, join(ROOT, 'bin/ntk.mjs'), ...args],
    env: environment(env),
    outputFile: join(folder, 'output.log'),
  });
  services.push(service);
  service.start();
  return service;
}

const data = (): string => join(disk, 'data');

describe.skipIf(process.platform !== 'linux')('a disk', () => {
  test('that fills up in the middle of a run: it is said, nothing half stays, and with room the same run goes on to exact totals', {
    timeout: TEST_MS_MAX,
  }, async () => {
    mountDisk('9m');
    const input = join(folder, 'events.ndjson');
    const lines = Array.from({ length: RECORDS }, (_, i) =>
      access({ id: `a${i}`, subject: `wx${i % 300}` }, { page: hash('sha512', `${i}`), user: `u${i}` }),
    );
    writeFileSync(input, ndjson(...lines));
    const args = ['run', '--data', data(), '--policy', join(ROOT, 'policies/default.yaml'), '--input', input];
    const run = ntk(args, { NTK_GROUP_ROWS_MAX: '2000' });
    await run.says(/(?:no|not enough) space/);
    expect(run.output).not.toMatch(/^\s+at /m);
    await run.kill();
    growDisk('400m');
    expect((await ntkOk(args)).stdout).toMatch(/20,000 accesses judged and stored; .*; complete/);
    expect((await ntkOk(['verify', '--data', data()])).stdout).toContain('Proved');
  });

  test('that is full when the system starts with its simulator: one line says so', { timeout: TEST_MS_MAX }, async () => {
    fillDisk();
    expect(await onlyLine(ntk(['up', '--simulate', '--data', data(), '--port', '0']))).toMatch(MAKE_ROOM);
  });

  test('that has filled up since a folder was made: whoever opens its log is told so, and with room it opens', async () => {
    mountDisk('2m');
    const options = { path: join(disk, 'log.db'), create: true, partitions: 1, clock: systemClock };
    await (await openSqliteLog(options)).close();
    execFileSync('sh', ['-c', `cat /dev/zero > ${disk}/full || true`]);
    await expect(openSqliteLog(options)).rejects.toThrow(MAKE_ROOM);
    rmSync(join(disk, 'full'));
    await (await openSqliteLog(options)).close();
  });

  test('that has room for a part of some rows: it is said, and nothing of them stays', async () => {
    mountDisk('64k');
    const spool = await Spool.open(join(disk, 'spool'), 'insert');
    const rows = Buffer.alloc(1024 * 1024);
    await expect(spool.with([rows], async () => 'inserted')).rejects.toThrow(
      /: no space is left on the disk; make room there, then try again \(\d+ of 1048576 bytes of rows were spooled\)$/,
    );
    expect(readdirSync(join(disk, 'spool'))).toEqual([]);
  });

  test.each(['scorer', 'gateway'])(
    'that is full when a %s on Kafka starts: one line says so',
    { timeout: TEST_MS_MAX },
    async (role) => {
      const broker = await sharedBroker();
      fillDisk();
      const service = ntk([role, '--data', data(), '--port', '0'], {
        NTK_KAFKA_BROKERS: broker.address,
        NTK_KAFKA_TOPIC_PREFIX: 'disk-full',
        NTK_KAFKA_REPLICATION: '1',
        NTK_PARTITIONS: '1',
        NTK_AUTHORITY: 'open',
      });
      expect(await onlyLine(service)).toMatch(MAKE_ROOM);
    },
  );
});

function fillDisk(): void {
  mountDisk('64k');
  execFileSync('sh', ['-c', `head -c 65536 /dev/zero > ${disk}/full || true`]);
}

/** What it said when that is one line; rejects when it says nothing of space. */
async function onlyLine(service: Service): Promise<string> {
  await service.says(/no space is left/);
  const lines = service.output.trimEnd().split('\n');
  return lines.length === 1 ? lines[0]! : `${lines.length} lines: ${service.output}`;
}
