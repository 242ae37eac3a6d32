import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EXIT_CODES, Lifecycle, type Part } from '../../services/platform/lifecycle.ts';
import { createLogger } from '../../services/platform/logger.ts';

const logger = createLogger({ level: 'silent', output: { write: () => {} } });

function recorder(): { readonly events: string[]; readonly part: (name: string, over?: Partial<Part>) => Part } {
  const events: string[] = [];
  const part = (name: string, over: Partial<Part> = {}): Part => ({
    name,
    start: () => void events.push(`start ${name}`),
    stop: () => void events.push(`stop ${name}`),
    ...over,
  });
  return { events, part };
}

describe('the parts of a process', () => {
  test('start in order and stop in reverse, once', async () => {
    const { events, part } = recorder();
    const lifecycle = new Lifecycle({ logger }).add(part('log')).add(part('http'));
    await lifecycle.start();
    await Promise.all([lifecycle.stop(), lifecycle.stop()]);
    expect(events).toEqual(['start log', 'start http', 'stop http', 'stop log']);
  });

  test('are all stopped when one cannot start', async () => {
    const { events, part } = recorder();
    const broken = part('http', { start: () => Promise.reject(new Error('port taken')) });
    const lifecycle = new Lifecycle({ logger }).add(part('log')).add(broken).add(part('never'));
    await expect(lifecycle.start()).rejects.toThrow('port taken');
    expect(events).toEqual(['start log', 'stop http', 'stop log']);
  });

  test('are all stopped when one cannot stop, which is said', async () => {
    const { events, part } = recorder();
    const lifecycle = new Lifecycle({ logger })
      .add(part('log'))
      .add(part('http', { stop: () => Promise.reject(new Error('stuck')) }));
    await lifecycle.start();
    await expect(lifecycle.stop()).rejects.toThrow('stuck');
    expect(events).toEqual(['start log', 'start http', 'stop log']);
  });

  test('stop at a signal that came before they ran', async () => {
    const { events, part } = recorder();
    const lifecycle = new Lifecycle({ logger, signal: AbortSignal.abort() }).add(part('log')).add(part('http'));
    expect(await lifecycle.run()).toBe(EXIT_CODES.stopped);
    expect(events.filter((event) => event.startsWith('stop')).length).toBe(events.length / 2);
  });

  test('end with 0 when their work is done', async () => {
    const { events, part } = recorder();
    expect(await new Lifecycle({ logger }).add(part('log')).run(Promise.resolve())).toBe(EXIT_CODES.stopped);
    expect(events).toEqual(['start log', 'stop log']);
  });

  test('end with 1 when one of them fails', async () => {
    const { events, part } = recorder();
    const failing = part('scorer', { ended: () => Promise.reject(new Error('a bug')) });
    expect(await new Lifecycle({ logger }).add(part('log')).add(failing).run()).toBe(EXIT_CODES.failed);
    expect(events).toEqual(['start log', 'start scorer', 'stop scorer', 'stop log']);
  });

  test('end with 1 when one cannot start', async () => {
    const { part } = recorder();
    expect(await new Lifecycle({ logger }).add(part('log', { start: () => Promise.reject(new Error('no disk')) })).run()).toBe(
      EXIT_CODES.failed,
    );
  });

  test('end with 124 when stopping takes too long', async () => {
    const { part } = recorder();
    const stuck = part('log', { stop: () => new Promise<void>(() => {}) });
    expect(await new Lifecycle({ logger, stopTimeoutMs: 20 }).add(stuck).run(Promise.resolve())).toBe(EXIT_CODES.stopTimedOut);
  });
});

describe('a process at a signal', () => {
  const module = (name: string): string => join(import.meta.dirname, `../../services/platform/${name}.ts`);
  const script = (stop: string, more: string): string => `
    import { Lifecycle } from '${module('lifecycle')}';
    import { createLogger } from '${module('logger')}';
    const alive = setInterval(() => {}, 1000);
    const lifecycle = new Lifecycle({ logger: createLogger({ level: 'info', short: false })${more} });
    lifecycle.add({ name: 'work', start: () => console.log('started'), stop: async () => { console.log('stopping'); ${stop} console.log('stopped'); clearInterval(alive); } });
    process.exitCode = await lifecycle.run();`;

  /** Sends a signal at each of the words that the process prints. */
  function run(
    stop: string,
    signals: Readonly<Record<string, NodeJS.Signals>>,
    more = '',
  ): Promise<{ readonly code: number | null; readonly printed: string }> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script(stop, more)], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let printed = '';
      child.stdout.on('data', (piece: Buffer) => {
        printed += piece.toString();
        for (const word of piece.toString().trim().split('\n')) if (signals[word] !== undefined) child.kill(signals[word]);
      });
      child.on('error', reject).on('close', (code) => resolve({ code, printed }));
    });
  }

  test.each(['SIGINT', 'SIGTERM'] as const)('stops what it has begun and ends with 0: %s', async (signal) => {
    expect(await run('', { started: signal })).toEqual({ code: 0, printed: 'started\nstopping\nstopped\n' });
  });

  test('ends at once at the second one, and its code says so', async () => {
    const both = { started: 'SIGINT', stopping: 'SIGTERM' } as const;
    expect(await run('await new Promise(() => {});', both, ', sameSignalMs: 0')).toEqual({
      code: 143,
      printed: 'started\nstopping\n',
    });
  });

  test('stops in its time when the same signal reaches it twice, as from a group of processes that is ended', async () => {
    const twice = { started: 'SIGTERM', stopping: 'SIGTERM' } as const;
    expect(await run("await new Promise((resolve) => process.once('SIGTERM', resolve));", twice)).toEqual({
      code: 0,
      printed: 'started\nstopping\nstopped\n',
    });
  });
});
