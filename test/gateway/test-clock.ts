import { systemClock, type Clock } from '../../services/platform/clock.ts';

/** Stands still until it is told otherwise; turns and sleeps are real. */
export class TestClock implements Clock {
  #ms = 1_000;
  readonly #startMs = Date.parse('2026-03-01T00:00:00Z');

  advance(ms: number): void {
    this.#ms += ms;
  }

  monotonicMs(): number {
    return this.#ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(ms, signal);
  }

  turn(): Promise<void> {
    return systemClock.turn();
  }

  nowMs(): number {
    return this.#startMs + this.#ms;
  }
}
