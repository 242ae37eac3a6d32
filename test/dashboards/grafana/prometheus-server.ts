/**
 * A real Prometheus on loopback, over what it scrapes or over blocks that promtool made. Without its programs these tests fail and say
 * what to install: skipped, nobody would see that a panel shows nothing.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../../free-ports.ts';

export class PrometheusMissing extends Error {
  constructor(program: string) {
    super(`no ${program} on the path; install it (Debian: apt-get install prometheus; macOS: brew install prometheus)`);
    this.name = 'PrometheusMissing';
  }
}

/** @throws PrometheusMissing */
function present(program: 'prometheus' | 'promtool'): string {
  if (spawnSync(program, ['--version']).error !== undefined) throw new PrometheusMissing(program);
  return program;
}

const START_MS_MAX = 30_000;
const POLL_MS = 50;

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface PrometheusOptions {
  /** `scrape_configs` of its configuration, YAML. */
  readonly scrapes?: string;
  /** Text of OpenMetrics with times, made into blocks before it starts. */
  readonly openMetrics?: string;
}

export class PrometheusServer {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(url: string, child: ChildProcess, folder: string) {
    this.url = url;
    this.#child = child;
    this.#folder = folder;
  }

  static async start({ scrapes = '[]', openMetrics }: PrometheusOptions): Promise<PrometheusServer> {
    const program = present('prometheus');
    const folder = mkdtempSync(join(tmpdir(), 'ntk-prometheus-'));
    const data = join(folder, 'data');
    mkdirSync(data);
    if (openMetrics !== undefined) makeBlocks(join(folder, 'made.txt'), openMetrics, data);
    const config = join(folder, 'prometheus.yaml');
    writeFileSync(config, `scrape_configs: ${scrapes}\n`);
    const port = await freePort();
    const child = spawn(
      program,
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${data}`,
        // Made samples are of a time of their own.
        '--storage.tsdb.retention.time=100y',
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=error',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let said = '';
    child.stderr.on('data', (text: Buffer) => {
      said += text.toString();
    });
    const server = new PrometheusServer(`http://127.0.0.1:${port}`, child, folder);
    for (let waitedMs = 0; waitedMs < START_MS_MAX; waitedMs += POLL_MS) {
      const ready = await fetch(`${server.url}/-/ready`).catch(() => null);
      if (ready?.status === 200) return server;
      if (child.exitCode !== null) break;
      await pause(POLL_MS);
    }
    await server.stop();
    throw new Error(`prometheus did not start: ${said}`);
  }

  /** An instant query. Series by their labels; a scalar has none. @throws Error with what Prometheus says is wrong with it */
  async query(expr: string, atSeconds?: number): Promise<Sample[]> {
    const time = atSeconds === undefined ? {} : { time: String(atSeconds) };
    const response = await fetch(`${this.url}/api/v1/query`, {
      method: 'POST',
      body: new URLSearchParams({ query: expr, ...time }),
    });
    const { data, error } = (await response.json()) as {
      readonly data?: { readonly resultType: string; readonly result: unknown };
      readonly error?: string;
    };
    if (data === undefined) throw new Error(`${expr}: ${error}`);
    if (data.resultType === 'scalar') return [{ metric: {}, value: Number((data.result as [number, string])[1]) }];
    return (data.result as { metric: Record<string, string>; value: [number, string] }[]).map(({ metric, value }) => ({
      metric,
      value: Number(value[1]),
    }));
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null) {
      const ended = new Promise((resolve) => this.#child.once('close', resolve));
      this.#child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function makeBlocks(file: string, text: string, folder: string): void {
  writeFileSync(file, text);
  // One block for all of it: by itself it makes one for every two hours, which takes half a minute.
  const args = ['tsdb', 'create-blocks-from', '--max-block-duration=2160h', 'openmetrics', file, folder];
  const { status, stderr } = spawnSync(present('promtool'), args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`promtool: ${stderr}`);
}
