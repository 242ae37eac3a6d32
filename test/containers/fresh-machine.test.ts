/**
 * What somebody meets who has a machine with Node and nothing else: a bare Debian, no compiler, no git, a clone of this repository.
 * `npm ci && npm start` leads to the live page without a question.
 */
import { accessSync, constants, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { GenericContainer, type StartedTestContainer } from 'testcontainers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from '../acceptance/ntk.ts';
import { DEBIAN_IMAGE, daemon, ownBases, run } from './images.ts';

/** From the packages on this machine to the page; the download comes on top. */
const TO_PAGE_MS_MAX = 120_000;
const PAGE_MS_MAX = 120_000;
const POLL_MS = 100;
const MB = 1_000_000;

let checkout: string;
let machine: StartedTestContainer;

beforeAll(async () => {
  await daemon();
  await ownBases();
  checkout = mkdtempSync(join(tmpdir(), 'ntk-fresh-'));
  await run(['git', 'clone', '--quiet', '--no-local', '--depth', '1', `file://${ROOT}`, join(checkout, 'clone')]);
  const npm = (await run(['npm', 'root', '--global'])).trim();
  machine = await new GenericContainer(DEBIAN_IMAGE)
    .withCopyFilesToContainer([{ source: systemNode(), target: '/usr/local/bin/node', mode: 0o755 }])
    .withCopyDirectoriesToContainer([
      { source: join(checkout, 'clone'), target: '/root/need-to-know' },
      { source: join(npm, 'npm'), target: '/root/npm' },
    ])
    .withCommand(['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1; done'])
    .start();
});

afterAll(async () => {
  await machine?.stop({ remove: true, timeout: 1_000 });
  if (checkout !== undefined) rmSync(checkout, { recursive: true, force: true });
});

/** This machine's own Node, which is 20 or later, and not the one that the project brings. */
function systemNode(): string {
  const found = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules'))
    .map((folder) => join(folder, 'node'))
    .find((file) => isProgram(file));
  if (found === undefined) throw new Error('there is no Node on this machine beside the project');
  return realpathSync(found);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** In the clone, with nobody to answer a question. */
async function inClone(command: string): Promise<{ readonly code: number; readonly output: string; readonly tookMs: number }> {
  const startedAt = performance.now();
  const npm = 'npm() { node /root/npm/bin/npm-cli.js "$@"; }';
  const { exitCode, output } = await machine.exec(['sh', '-c', `${npm}; cd /root/need-to-know; ${command} </dev/null`]);
  return { code: exitCode, output, tookMs: performance.now() - startedAt };
}

async function receivedBytes(): Promise<number> {
  return Number((await inClone('cat /sys/class/net/eth0/statistics/rx_bytes')).output);
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

test('npm ci && npm start leads to the live page, without build tools and without a question', async () => {
  expect((await inClone('command -v gcc cc make python3 git curl')).output.trim()).toBe('');
  const version = (await inClone('node --version')).output.trim();
  const before = await receivedBytes();
  const cold = await inClone('npm ci');
  expect(cold).toMatchObject({ code: 0 });
  const bytes = (await receivedBytes()) - before;
  // The same without the download.
  await inClone('rm -rf node_modules');
  const warm = await inClone('npm ci --offline');
  expect(warm).toMatchObject({ code: 0 });

  const startedAt = performance.now();
  await inClone('(npm start >/root/said 2>&1 &) ');
  const page =
    "fetch('http://127.0.0.1:7077/').then(async (r) => process.exit(r.ok && (await r.text()).includes('Need to Know') ? 0 : 1), () => process.exit(1))";
  while ((await machine.exec(['node', '-e', page])).exitCode !== 0) {
    if (performance.now() - startedAt > PAGE_MS_MAX) throw new Error((await inClone('cat /root/said')).output);
    await pause(POLL_MS);
  }
  const startMs = performance.now() - startedAt;
  console.log(
    `on Debian 12 with Node ${version}: npm ci ${seconds(cold.tookMs)} with ${(bytes / MB).toFixed(0)} MB of download, ${seconds(warm.tookMs)} without, npm start to the page ${seconds(startMs)}`,
  );
  expect((await inClone('cat /root/said')).output).toContain('http://127.0.0.1:7077');
  expect(warm.tookMs + startMs).toBeLessThan(TO_PAGE_MS_MAX);
});
