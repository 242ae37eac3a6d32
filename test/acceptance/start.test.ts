/** `npm start`: what it says, what it puts in force, and what it says when something is in its way. */
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { NtkProcess } from '../crash/ntk-process.ts';
import { Desk, ntk, ntkJson, ntkOk, ONE_LINE_ERROR, ROOT } from './ntk.ts';
import { access } from './records.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: { start: string } };
/** What `npm start` runs, after the launcher. */
const START = scripts.start.split(' ').slice(2);
const POLL_MS = 20;

interface Policy {
  readonly hash: string;
  readonly version: string;
}

describe('npm start', () => {
  const desk = new Desk();
  const started: NtkProcess[] = [];
  afterAll(async () => {
    for (const { child, ended } of started) {
      child.kill('SIGKILL');
      await ended;
    }
    desk.clear();
  });

  /** Until it says how to stop it; what it said. */
  async function start(data: string, ...flags: string[]): Promise<{ readonly said: string; readonly running: NtkProcess }> {
    const running = new NtkProcess([...START, '--data', data, '--port', '0', ...flags], {});
    started.push(running);
    let said = '';
    running.child.stderr!.on('data', (piece: Buffer) => (said += piece.toString('utf8')));
    while (!said.includes('Try next')) {
      if (running.child.exitCode !== null) throw new Error(`it ended by itself: ${said}`);
      await pause(POLL_MS);
    }
    while (!/Try next[^]*\n\n/.test(said)) await pause(POLL_MS);
    return { said, running };
  }

  async function stop(running: NtkProcess): Promise<void> {
    running.child.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
  }

  test('says where the page is, what plays the host, where the data lies, how to stop and what to try next', async () => {
    const data = join(desk.path, 'said');
    const { said, running } = await start(data);
    const url = /Open +(http:\/\/127\.0\.0\.1:\d+\/)/.exec(said)?.[1] ?? '';
    expect((await fetch(url)).status).toBe(200);
    expect(said).toContain('Need to Know is running.');
    expect(said).toMatch(/Host +simulated: .* 50 records a second/);
    expect(said).toMatch(/Policy +default\.\d+, enforced \([0-9a-f]{16}\), put in force now/);
    expect(said).toContain(data);
    expect(said).toMatch(/Stop +Ctrl-C/);
    expect(said).toContain(`npx ntk report --data ${data}`);
    expect(said).not.toMatch(/^\{/m);
    // Killed as a closed laptop kills it; the next start goes on with the policy that there is.
    running.child.kill('SIGKILL');
    await running.ended;
    const again = await start(data, '--rate', '7');
    expect(again.said).toMatch(/Policy +the one in force before/);
    expect(again.said).toMatch(/about 7 records a second/);
    const metrics = `${/Open +(\S+)/.exec(again.said)![1]}metrics`;
    while (!/^ntk_results_written_total [1-9]/m.test(await (await fetch(metrics)).text())) await pause(POLL_MS);
    await stop(again.running);
    expect(await ntkJson<Policy[]>(['policy', 'log', '--data', data])).toHaveLength(1);
    expect((await ntk(['verify', '--data', data])).code).toBe(0);
    // What was made up stays so, whoever is the host afterwards, and in what leaves the house.
    const without = await start(data, '--no-simulator');
    expect(await (await fetch(/Open +(\S+)/.exec(without.said)![1]!)).text()).toContain('Partly simulated.');
    await stop(without.running);
    const { stdout } = await ntk(['report', '--format', 'html', '--data', data]);
    expect(stdout).toMatch(/Made up\.<\/strong> [1-9]\d* of these accesses/);
  });

  test('with hosts of one’s own it begins with the default policy as it is written', async () => {
    const data = join(desk.path, 'own');
    const { said, running } = await start(data, '--no-simulator');
    expect(said).toMatch(/Hosts +send events to http:\/\/127\.0\.0\.1:\d+\/v1\/events with the token in .*system\.json/);
    expect(said).not.toContain('simulated');
    const url = /Open +(\S+)/.exec(said)![1]!;
    expect(await (await fetch(url)).text()).not.toContain('made up');
    await stop(running);
    const log = await ntkJson<Policy[]>(['policy', 'log', '--data', data]);
    const checked = await ntkJson<Policy[]>(['policy', 'check', join(ROOT, 'policies/default.yaml')]);
    expect(log.map(({ hash }) => hash)).toEqual(checked.map(({ hash }) => hash));
  });

  test('ntk up by itself brings neither a simulator nor a policy', async () => {
    const data = join(desk.path, 'up');
    const running = new NtkProcess(['up', '--data', data, '--port', '0'], {});
    started.push(running);
    while (!existsSync(join(data, 'system.json'))) await pause(POLL_MS);
    await stop(running);
    const [, url] = /running on .*: open (http:\S+\/) in a browser; .*\/v1\/events/.exec((await running.ended).stderr) ?? [];
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(await ntkJson<Policy[]>(['policy', 'log', '--data', data])).toEqual([]);
    const none = `no policy is in force, so everything is allowed: ntk policy apply policies/default.yaml --data ${data}\n`;
    expect((await running.ended).stderr).toContain(none);
    expect((await ntkOk(['report', '--data', data])).stdout).toContain(none);
    expect((await ntkOk(['report', '--data', data, '--json'])).stdout).not.toContain('no policy');
    const run = ['run', '--data', data, '--input', desk.write('one.ndjson', access({ id: 'a' }))];
    expect((await ntkOk(run)).stderr).toContain('no policy was in force, so everything was allowed and stays so;');
    expect((await ntkOk([...run, '--json'])).stderr).not.toContain('no policy');
    await ntkOk(['policy', 'apply', join(ROOT, 'policies/default.yaml'), '--data', data]);
    expect((await ntkOk(run)).stderr).not.toContain('no policy');
    expect((await ntkOk(['report', '--data', data])).stdout).not.toContain('no policy');
  });

  describe('with something in its way', () => {
    let occupied: Server;
    let port: number;
    beforeAll(async () => {
      occupied = createServer();
      await new Promise<void>((resolve) => occupied.listen(0, '127.0.0.1', resolve));
      ({ port } = occupied.address() as { port: number });
    });
    afterAll(() => occupied.close());

    test.each([
      ['a port that is taken', ['--port', 'TAKEN'], /port \d+ of 127\.0\.0\.1 is taken; choose another with --port/],
      ['a rate that is no number', ['--rate', 'fast'], /--rate 'fast' is no whole number from 1 to 50000: records a second/],
      ['a rate of nothing', ['--rate', '0'], /--rate '0' is no whole number/],
      ['a log on Kafka', ['--kafka', '127.0.0.1:9092'], /made-up records do not belong into a log on Kafka/],
    ])('%s is one line, and no folder is left', async (_, flags, says) => {
      const args = flags.map((flag) => (flag === 'TAKEN' ? String(port) : flag));
      const { code, stderr, stdout } = await ntk([...START, '--data', join(desk.path, 'never'), ...args]);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(ONE_LINE_ERROR);
      expect(stderr).toMatch(says);
      expect(existsSync(join(desk.path, 'never'))).toBe(false);
    });

    test.each([
      [
        'the key of user hashes',
        { NTK_USER_KEY_FILE: '/nowhere' },
        /the user key \/nowhere cannot be read \(ENOENT, no such file or directory\)/,
      ],
      [
        'the root keys',
        { NTK_AUTHORITY: 'signed', NTK_ROOT_KEYS_FILE: '/nowhere' },
        /the key file \/nowhere cannot be read \(ENOENT, no such file or directory\)/,
      ],
    ])('a file that cannot be read, of %s, leaves a folder as it was', async (_, env, says) => {
      const data = mkdtempSync(join(desk.path, 'empty-'));
      const { code, stderr } = await ntk(['up', '--data', data, '--port', '0'], { env });
      expect([code, stderr]).toEqual([1, expect.stringMatching(ONE_LINE_ERROR)]);
      expect(stderr).toMatch(says);
      expect(readdirSync(data)).toEqual([]);
    });

    test('a folder that another has is said before the port, which that one has as well', async () => {
      const data = join(desk.path, 'held');
      const { running, said } = await start(data);
      const taken = /Open +http:\/\/127\.0\.0\.1:(\d+)/.exec(said)![1]!;
      const { stderr } = await ntk([...START, '--data', data, '--port', taken]);
      expect(stderr).toMatch(/data folder .*held is held by/);
      await stop(running);
    });
  });
});
