/** The page for who writes a host: its commands are run as they stand there, and print what it says. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../free-ports.ts';
import { GATEWAY_LIMITS } from '../../services/gateway/limits.ts';
import { TYPES_DEFAULT } from '../../services/gateway/tokens/token-file.ts';
import { createGatewayMetrics } from '../../services/platform/metrics/gateway-metrics.ts';
import { Registry } from 'prom-client';
import { ntkOk, ROOT } from '../acceptance/ntk.ts';

const PAGE = readFileSync(join(ROOT, 'docs/gateway.md'), 'utf8');
const LAUNCHER = `${process.execPath} ${join(ROOT, 'bin/ntk.mjs')}`;
const START_MS_MAX = 30_000;

interface Block {
  readonly command: string;
  /** What stands below it as JSON. */
  readonly output: string | null;
}

const BLOCKS: readonly Block[] = [...PAGE.matchAll(/```sh\n([^]*?)```\n(?:\n```json\n([^]*?)```)?/g)].map(
  ([, command, output]) => ({
    command: command!,
    output: output ?? null,
  }),
);

describe('the page about the gateway', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ntk-docs-'));
  let port: number;
  let system: ChildProcess | null = null;
  beforeAll(async () => {
    port = await freePort();
  });
  afterAll(async () => {
    if (system !== null) {
      const ended = new Promise((resolve) => system!.once('close', resolve));
      process.kill(-system.pid!, 'SIGTERM');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const asked = (command: string): string => command.replaceAll('npx ntk', LAUNCHER).replaceAll('7077', String(port));

  function run(command: string): Promise<string> {
    return new Promise((resolve, reject) => {
      execFile('bash', ['-euo', 'pipefail', '-c', asked(command)], { cwd: folder }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${command}\n${stderr}`, { cause: error }));
      });
    });
  }

  async function startSystem(command: string): Promise<void> {
    // In a group of its own: the shell and what it starts end together.
    system = spawn('bash', ['-c', asked(command)], { cwd: folder, stdio: 'ignore', detached: true });
    for (let waitedMs = 0; !existsSync(join(folder, 'data/system.json')); waitedMs += 50) {
      if (system.exitCode !== null || waitedMs > START_MS_MAX) throw new Error(`it did not start: ${command}`);
      await pause(50);
    }
  }

  it('has commands that do what it says', async () => {
    expect(BLOCKS.length).toBeGreaterThan(6);
    for (const { command, output } of BLOCKS) {
      if (command.includes('ntk up')) await startSystem(command);
      else {
        const printed = await run(command);
        if (output !== null) expect([command, JSON.parse(printed)]).toEqual([command, JSON.parse(output)]);
      }
    }
    const rejects = JSON.parse((await ntkOk(['rejects', 'list', '--json', '--data', join(folder, 'data')])).stdout) as unknown[];
    expect(rejects).toHaveLength(1);
    expect(readFileSync(join(folder, 'tokens.yaml'), 'utf8')).not.toContain('review-desk');
  }, 120_000);

  it('names the limits, the types, and the metrics that there are', () => {
    const { bodyBytesMax, recordsMax, inFlightBytesMax, inFlightRequestsMax, bodyTimeoutMs, commitTimeoutMs } = GATEWAY_LIMITS;
    const said = [
      `${bodyBytesMax / 1024 / 1024} MiB`,
      recordsMax.toLocaleString('en'),
      `${inFlightBytesMax / 1024 / 1024} MiB`,
      `| ${inFlightRequestsMax} `,
      `${bodyTimeoutMs / 1_000} s`,
      `${commitTimeoutMs / 1_000} s`,
      ...TYPES_DEFAULT,
    ];
    for (const text of said) expect(PAGE).toContain(text);
    const registry = new Registry();
    createGatewayMetrics(registry).observe(() => {
      throw new Error('not asked');
    });
    for (const { name } of registry.getMetricsAsArray()) expect(PAGE).toContain(name);
  });
});
