/**
 * What the open pages are told: each second what happens now, and the report as often as it may cost. With nobody looking nothing is
 * asked of anybody, and however many look, the warehouse is asked once.
 */
import { printable } from '../../../schemas/policy/wording.ts';
import type { InterceptionReport } from '../../../schemas/report/interceptions.ts';
import { categoryInWords } from '../../domain/wording/categories.ts';
import { reasonInWords } from '../../domain/wording/reasons.ts';
import type { Clock } from '../../platform/clock.ts';
import { type ConsoleSource, isAway } from '../console-source.ts';
import { pageKey } from '../page/console-page.ts';
import { programAddress } from '../review/addresses.ts';
import { EventStream } from './event-stream.ts';
import type { LiveFigures } from './live-figures.ts';

const TICK_MS = 1_000;
/** Between two reports; where one takes long, it is so much longer that asking stays below a fifth of the time. */
const REPORT_EVERY_MS = 2_000;
const REPORT_SHARE = 4;
/** Names that developers and hosts chose go to every open page with each report: so many of them, and so long. */
export const CLASSES_TOLD_MAX = 20;
const NAME_CHARACTERS_MAX = 80;

interface LivePageOptions {
  readonly source: ConsoleSource;
  readonly figures: LiveFigures;
  readonly clock: Clock;
  /** Said once while the warehouse cannot be asked. */
  readonly onProblem: (message: string) => void;
}

export class LivePage {
  readonly stream: EventStream;
  readonly #options: LivePageOptions;
  readonly #stop = new AbortController();
  #awake = Promise.withResolvers<void>();
  #running: Promise<unknown> | null = null;
  #problem = '';

  constructor(options: LivePageOptions) {
    this.#options = options;
    this.stream = new EventStream({
      clock: options.clock,
      onReaders: (readers) => {
        if (readers > 0) this.#awake.resolve();
        else this.#awake = Promise.withResolvers();
      },
    });
    // The first that a page is told: one that was open while another system took this one's port is another's.
    this.stream.send('system', { madeFor: pageKey(options.source.about) });
  }

  start(): void {
    this.#running ??= Promise.all([this.#tick(), this.#ask()]);
    // Whoever waits for ended() sees it.
    this.#running.catch(() => {});
  }

  /** Rejects with a bug; settles with {@link stop}. */
  async ended(): Promise<void> {
    await this.#running;
  }

  /** Twice is fine. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#awake.resolve();
    this.stream.close();
    await this.#running?.catch(() => {});
  }

  /** Waits until somebody looks. */
  async #somebody(): Promise<void> {
    while (this.stream.readers === 0 && !this.#stop.signal.aborted) await this.#awake.promise;
  }

  async #tick(): Promise<void> {
    const { source, figures, clock } = this.#options;
    const { signal } = this.#stop;
    for (;;) {
      await this.#somebody();
      if (signal.aborted) return;
      const standing = await source.standing();
      this.stream.send('now', { at: new Date(clock.nowMs()).toISOString(), ...figures.snapshot(), ...standing });
      this.stream.tend();
      await clock.sleep(TICK_MS, signal);
    }
  }

  async #ask(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stop;
    for (;;) {
      await this.#somebody();
      if (signal.aborted) return;
      const beganMs = clock.monotonicMs();
      await this.#tellReport();
      const tookMs = clock.monotonicMs() - beganMs;
      await clock.sleep(Math.max(REPORT_EVERY_MS, tookMs * REPORT_SHARE), signal);
    }
  }

  async #tellReport(): Promise<void> {
    const { source, onProblem } = this.#options;
    try {
      this.stream.send('report', inWords(await source.report()));
      this.stream.send('newest', await source.newest());
      // Whoever comes later is told the newest of each kind: what is over must not be among it.
      if (this.#problem !== '') this.stream.send('problem', { message: '' });
      this.#problem = '';
    } catch (error) {
      if (!isAway(error)) throw error;
      this.stream.send('problem', { message: 'The stored figures cannot be had right now; those shown are from before.' });
      if (this.#problem !== error.message) onProblem(error.message);
      this.#problem = error.message;
    }
  }
}

/** The report with its codes in words beside them, and no more of others' names than a page can show. */
function inWords(report: InterceptionReport): unknown {
  return {
    ...report,
    byReason: report.byReason.map((row) => ({ ...row, ...reasonInWords(row.reason) })),
    byCategory: report.byCategory.map((row) => ({ ...row, title: categoryInWords(row.category) })),
    byClass: report.byClass
      .slice(0, CLASSES_TOLD_MAX)
      .map((row) => ({ ...row, class: printable(row.class, NAME_CHARACTERS_MAX) })),
    topPrograms: report.topPrograms.map(({ program, attempts }) => ({
      program: printable(program, NAME_CHARACTERS_MAX),
      attempts,
      page: programAddress(program),
    })),
  };
}
