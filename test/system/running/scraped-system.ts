/** A running `ntk up` (or another form) with small steps, all that it says, and its metrics as numbers. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ROOT } from '../../acceptance/ntk.ts';
import { environment } from '../../environment.ts';

const READY_MS_MAX = 60_000;
const POLL_MS = 100;
const POLLS_MAX = 400;

export class ScrapedSystem {
  readonly child: ChildProcess;
  /** Standard output and error together. */
  said = '';
  url = '';
  token = '';

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.child = spawn(process.execPath, [join(ROOT, 'bin/ntk.mjs'), ...args, '--port', '0'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: environment({ NTK_GROUP_WAIT_MS: '100', ...env }),
    });
    for (const stream of [this.child.stdout!, this.child.stderr!])
      stream.on('data', (chunk: Buffer) => void (this.said += chunk.toString('utf8')));
  }

  async ready(): Promise<this> {
    const signal = AbortSignal.timeout(READY_MS_MAX);
    while (!signal.aborted && this.child.exitCode === null) {
      const url = /(http:\/\/127\.0\.0\.1:\d+)\/health/.exec(this.said)?.[1];
      if (url !== undefined) {
        this.url = url;
        return this;
      }
      await pause(POLL_MS);
    }
    throw new Error(`it did not start:\n${this.said}`);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const closed = once(this.child, 'close');
    this.child.kill('SIGTERM');
    await closed;
  }

  async scrape(): Promise<Scrape> {
    return new Scrape(await (await fetch(`${this.url}/metrics`)).text());
  }

  /** The first scrape of which it is true. */
  async until(isTrue: (scrape: Scrape) => boolean): Promise<Scrape> {
    for (let i = 0; i < POLLS_MAX; i++) {
      const scrape = await this.scrape();
      if (isTrue(scrape)) return scrape;
      await pause(POLL_MS);
    }
    throw new Error(`it did not become true; the last metrics were\n${(await this.scrape()).text.replaceAll(/^.* 0\n/gm, '')}`);
  }
}

export class Scrape {
  readonly text: string;
  readonly #values = new Map<string, number>();

  constructor(text: string) {
    this.text = text;
    for (const [, sample, value] of text.matchAll(/^([a-z_]\w*(?:\{.*\})?) (\S+)$/gm)) this.#values.set(sample!, Number(value));
  }

  /** As it stands in the text: `ntk_rejects_total{reason="too_large"}`. NaN when there is none. */
  value(sample: string): number {
    return this.#values.get(sample) ?? Number.NaN;
  }

  /** Samples of a metric: labels to value. */
  samples(name: string): Map<string, number> {
    return new Map([...this.#values].filter(([sample]) => sample === name || sample.startsWith(`${name}{`)));
  }

  sum(name: string): number {
    return [...this.samples(name).values()].reduce((sum, value) => sum + value, 0);
  }
}
