/** What benchmarks stand on: a folder of their own, a broker that all share, and the days that their traffic is of. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Size } from './benchmark.ts';

const DAY_MS = 86_400_000;
/** The log takes times up to seven days back: five whole days of traffic end before today. */
const FIRST_DAY_AGO = 6;
export const TRAFFIC_DAYS = 5;

export interface Ground {
  readonly size: Size;
  /** `127.0.0.1:port` of a broker with one replica; started when the first benchmark asks. */
  readonly broker: () => Promise<string>;
  readonly folder: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

export class Stage {
  readonly size: Size;
  readonly folder: string;
  /** Midnight, UTC, at which live traffic begins: the same in all rounds, since verdicts depend on hours and days. */
  readonly firstDayMs: number;
  readonly broker: () => Promise<string>;
  readonly #name: string;
  readonly #run: string;
  #logs = 0;

  constructor({ size, broker, folder, nowMs }: Ground, name: string) {
    this.size = size;
    this.broker = broker;
    this.#name = name;
    // A broker may outlive a run, as the shared one of the tests does.
    this.#run = nowMs.toString(36);
    this.folder = join(folder, name);
    mkdirSync(this.folder, { recursive: true });
    this.firstDayMs = Math.floor(nowMs / DAY_MS) * DAY_MS - FIRST_DAY_AGO * DAY_MS;
  }

  /** A number for each size. */
  of<Value>(values: Readonly<Record<Size, Value>>): Value {
    return values[this.size];
  }

  /** Prefix of the topics of a log that nobody has used yet. */
  newPrefix(): string {
    return `bench-${this.#name}-${this.#run}-${this.#logs++}`;
  }
}
