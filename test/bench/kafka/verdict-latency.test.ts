/** How long hosts wait for a verdict at a steady rate, with a scorer as a process of its own and the broker on the same machine. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startBroker } from '../../kafka/broker.ts';
import { measureVerdictLatency } from './verdict-latency.ts';

const IS_FULL = process.env['NTK_BENCH'] !== undefined;
/** One scorer's share by the sizing of docs/operating.md: each partition's transactions cost the same, however few records they hold. */
const PARTITIONS = 4;
const RATE = IS_FULL ? 2_000 : 200;
const SECONDS = IS_FULL ? 20 : 3;
const P99_MS_MAX = 150;
const ROOT = new URL('../../..', import.meta.url).pathname;

describe('a verdict', () => {
  it(`comes soon at ${RATE} accesses a second`, { timeout: 300_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ntk-latency-'));
    const broker = await startBroker();
    writeFileSync(join(folder, 'user-key'), randomBytes(32));
    const env = {
      ...process.env,
      NTK_KAFKA_BROKERS: broker.address,
      NTK_KAFKA_REPLICATION: '1',
      NTK_PARTITIONS: String(PARTITIONS),
      NTK_AUTHORITY: 'open',
      NTK_USER_KEY_FILE: join(folder, 'user-key'),
    };
    const args = [join(ROOT, 'bin/ntk.mjs'), 'scorer', '--data', join(folder, 'scorer'), '--port', '0'];
    const scorer = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    try {
      for await (const text of scorer.stderr) if (String(text).includes('running on')) break;
      const latency = await measureVerdictLatency({
        broker: broker.address,
        prefix: 'ntk',
        partitions: PARTITIONS,
        accessesPerSecond: RATE,
        seconds: SECONDS,
        warmUpSeconds: IS_FULL ? 10 : 1,
      });
      console.log(JSON.stringify({ benchmark: 'verdict-latency', accessesPerSecond: RATE, partitions: PARTITIONS, ...latency }));
      expect(latency.unanswered).toBe(0);
      expect(latency.accesses).toBeGreaterThan(RATE * SECONDS * 0.9);
      if (IS_FULL) expect(latency.p99Ms).toBeLessThan(P99_MS_MAX);
    } finally {
      const exited = once(scorer, 'exit');
      scorer.kill('SIGTERM');
      await exited;
      await broker.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
