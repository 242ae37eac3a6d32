/**
 * A real Prometheus and a real Alertmanager on the files that are checked in, with time compressed (compressed.ts), and a webhook that
 * keeps what it is told. All on loopback, with free ports and a folder of their own.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { json } from 'node:stream/consumers';
import { parse, stringify } from 'yaml';
import { Service } from '../../crash/kafka/service.ts';
import { environment } from '../../environment.ts';
import { freePorts } from '../../free-ports.ts';
import { compressed, compressedDuration } from './compressed.ts';
import { ask, programFile } from './programs.ts';
import { ALERTMANAGER, PROMETHEUS, RULE_FILES } from './rule-files.ts';

const SECRET = 'only the two of them know';
/** Where alertmanager.yaml sends. */
const WEBHOOK = '127.0.0.1:9099';

/** One alert of a notification. */
export interface Told {
  readonly receiver: string;
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** When it came, monotonic milliseconds. */
  readonly atMs: number;
}

export interface AlertingOptions {
  readonly factor: number;
  /** `127.0.0.1:port` of each process, by job without `ntk-`. */
  readonly targets: Readonly<Record<string, string>>;
  /** What Prometheus remembers from before, in the OpenMetrics text format. */
  readonly history: string;
}

export class Alerting {
  readonly told: Told[] = [];
  /** Notifications without the secret. */
  refused = 0;
  readonly #folder = mkdtempSync(join(tmpdir(), 'ntk-alerting-'));
  readonly #services: Service[] = [];
  #webhook: Server | null = null;
  #prometheusUrl = '';
  #alertmanagerUrl = '';

  /** Both are ready. @throws ProgramMissing */
  async start({ factor, targets, history }: AlertingOptions): Promise<void> {
    const [prometheus, alertmanager, webhook] = (await freePorts(3)) as [number, number, number];
    this.#prometheusUrl = `http://127.0.0.1:${prometheus}`;
    this.#alertmanagerUrl = `http://127.0.0.1:${alertmanager}`;
    this.#webhook = await this.#listen(webhook);
    for (const file of [join(PROMETHEUS, 'prometheus.yaml'), join(ALERTMANAGER, 'alertmanager.yaml'), ...RULE_FILES]) {
      const text = readFileSync(file, 'utf8').replaceAll(WEBHOOK, `127.0.0.1:${webhook}`);
      const folder = join(this.#folder, RULE_FILES.includes(file) ? 'rules' : '');
      mkdirSync(folder, { recursive: true });
      const inTime = compressed(parse(text), factor) as { global?: { scrape_interval?: string; scrape_timeout?: string } };
      // An answer takes as long as ever; more than the interval Prometheus does not allow.
      if (inTime.global?.scrape_interval !== undefined) inTime.global.scrape_timeout = inTime.global.scrape_interval;
      writeFileSync(join(folder, basename(file)), stringify(inTime));
    }
    writeFileSync(join(this.#folder, 'webhook.secret'), SECRET);
    mkdirSync(join(this.#folder, 'targets'));
    for (const [name, target] of Object.entries({ ...targets, alertmanager: `127.0.0.1:${alertmanager}` }))
      writeFileSync(join(this.#folder, 'targets', `${name}.yaml`), stringify([{ targets: [target] }]));
    await this.#remember(history);
    const run = [
      this.#run('alertmanager', await programFile('alertmanager'), [
        `--config.file=${join(this.#folder, 'alertmanager.yaml')}`,
        `--storage.path=${join(this.#folder, 'alertmanager')}`,
        `--web.listen-address=127.0.0.1:${alertmanager}`,
        '--cluster.listen-address=',
      ]),
      this.#run('prometheus', await programFile('prometheus'), [
        `--config.file=${join(this.#folder, 'prometheus.yaml')}`,
        `--storage.tsdb.path=${join(this.#folder, 'prometheus')}`,
        `--web.listen-address=127.0.0.1:${prometheus}`,
        // What Alertmanager did not hear, it is told again after a minute.
        `--rules.alert.resend-delay=${compressedDuration('1m', factor)}`,
      ]),
    ];
    await Promise.all(run.map((service) => service.says(/ready to receive web requests|Listening on/)));
  }

  #run(name: string, file: string, args: readonly string[]): Service {
    const outputFile = join(this.#folder, `${name}.log`);
    const service = new Service({ name, command: [file, ...args], env: environment(), outputFile });
    this.#services.push(service);
    service.start();
    return service;
  }

  async #remember(history: string): Promise<void> {
    const file = join(this.#folder, 'history.txt');
    writeFileSync(file, `${history}# EOF\n`);
    const { code, said } = await ask('promtool', [
      'tsdb',
      'create-blocks-from',
      'openmetrics',
      file,
      join(this.#folder, 'prometheus'),
    ]);
    if (code !== 0) throw new Error(`promtool did not take the history: ${said}`);
  }

  async #listen(port: number): Promise<Server> {
    const server = createServer((request, response) => {
      void json(request).then((body) => {
        const isKnown = request.headers.authorization === `Bearer ${SECRET}`;
        if (isKnown) this.#hear(request.url!.slice(1), body as { alerts: Omit<Told, 'receiver' | 'atMs'>[] });
        else this.refused++;
        response.writeHead(isKnown ? 200 : 401).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return server;
  }

  #hear(receiver: string, { alerts }: { readonly alerts: readonly Omit<Told, 'receiver' | 'atMs'>[] }): void {
    const atMs = performance.now();
    for (const { status, labels, annotations } of alerts) this.told.push({ receiver, status, labels, annotations, atMs });
  }

  /** Told to somebody, but for the alert that always fires. */
  names(status: Told['status'], sinceMs = 0): string[] {
    const told = this.told.filter((one) => one.status === status && one.atMs >= sinceMs && one.receiver !== 'watchdog');
    return [...new Set(told.map(({ labels }) => labels['alertname']!))];
  }

  /** Alerts that Alertmanager has, and by how many others each is left out. */
  async held(): Promise<{ readonly name: string; readonly inhibitedBy: number }[]> {
    const response = await fetch(`${this.#alertmanagerUrl}/api/v2/alerts`);
    const alerts = (await response.json()) as { labels: { alertname: string }; status: { inhibitedBy: unknown[] } }[];
    return alerts.map(({ labels, status }) => ({ name: labels.alertname, inhibitedBy: status.inhibitedBy.length }));
  }

  /** Whether every target answers. */
  async targetsUp(): Promise<boolean> {
    const up = await this.query('up');
    return up.length > 0 && up.every(({ value }) => value === 1);
  }

  async query(expr: string): Promise<{ readonly labels: Readonly<Record<string, string>>; readonly value: number }[]> {
    const response = await fetch(`${this.#prometheusUrl}/api/v1/query?query=${encodeURIComponent(expr)}`);
    const { status, error, data } = (await response.json()) as {
      status: string;
      error?: string;
      data: { result: { metric: Record<string, string>; value: [number, string] }[] };
    };
    if (status !== 'success') throw new Error(`Prometheus does not answer ${expr}: ${error}`);
    return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  /** Twice is fine. */
  async end(): Promise<void> {
    await Promise.all(this.#services.map((service) => service.kill()));
    this.#webhook?.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
