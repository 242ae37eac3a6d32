/** Health is progress: a loop that has not gone round for a while is not healthy, whatever else answers. */
import type { Clock } from '../clock.ts';

export interface HealthState {
  readonly ok: boolean;
  /** For a person: what was looked at. No user ids. */
  readonly detail: string;
}

type HealthCheck = () => HealthState | Promise<HealthState>;

interface HealthReport {
  readonly status: 'ok' | 'failing';
  readonly checks: Readonly<Record<string, HealthState>>;
}

export class Health {
  readonly #checks = new Map<string, HealthCheck>();

  /** A name stands for one check: a later one replaces the earlier. */
  register(name: string, check: HealthCheck): void {
    this.#checks.set(name, check);
  }

  /** All checks are asked at once, for each may take its time. One that throws fails. */
  async report(): Promise<HealthReport> {
    const asked = Array.from(this.#checks, async ([name, check]) => [name, await stateOf(check)] as const);
    const checks = Object.fromEntries(await Promise.all(asked));
    return { status: Object.values(checks).every(({ ok }) => ok) ? 'ok' : 'failing', checks };
  }
}

async function stateOf(check: HealthCheck): Promise<HealthState> {
  try {
    return await check();
  } catch (error) {
    return { ok: false, detail: `the check failed: ${error instanceof Error ? error.message : 'for no stated reason'}` };
  }
}

interface ProgressCheckOptions {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** When the loop last went round, monotonic milliseconds. */
  readonly progressAtMs: () => number;
  /** Longest time between two rounds. */
  readonly limitMs: number;
}

export function progressCheck({ clock, progressAtMs, limitMs }: ProgressCheckOptions): HealthCheck {
  return () => {
    const agoMs = Math.max(0, Math.round(clock.monotonicMs() - progressAtMs()));
    return { ok: agoMs <= limitMs, detail: `made progress ${agoMs} ms ago (limit ${limitMs} ms)` };
  };
}
