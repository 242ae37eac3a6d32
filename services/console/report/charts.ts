/** Small charts as SVG that stands inside the page. Each is drawn from the same rows as the figures beside it. */
import type { Period, PeriodCount } from '../../domain/report/certificate.ts';
import { html, type Html } from '../html.ts';

const WIDTH = 812;
const HEIGHT = 150;
const TOP = 18;
const BASE = HEIGHT - 22;
/** Bars beyond these many are the oldest ones: a clock far off would else draw centuries of nothing. */
const BARS_MAX = 64;
const BAR_WIDTH_MAX = 34;
const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;

export interface Timeline {
  readonly period: Period;
  readonly counts: readonly PeriodCount[];
}

/** The bars with the empty stretches between them, at most {@link BARS_MAX} of the newest. */
export function filledIn({ period, counts }: Timeline): PeriodCount[] {
  const byStart = new Map(counts.map((count) => [count.startMs, count]));
  const last = counts.at(-1);
  if (last === undefined) return [];
  const bars: PeriodCount[] = [];
  for (let startMs = last.startMs; startMs >= counts[0]!.startMs && bars.length < BARS_MAX; startMs = before(startMs, period))
    bars.push(byStart.get(startMs) ?? { startMs, accesses: 0, intercepted: 0, wouldHave: 0 });
  return bars.reverse();
}

/** Attempts that stand before the oldest bar: intercepted, or under a stricter mode. Zero where every bar is drawn. */
export function beforeTheChart(timeline: Timeline): { readonly attempts: number; readonly before: string } {
  const oldestMs = filledIn(timeline)[0]?.startMs ?? 0;
  const left = timeline.counts.filter(({ startMs }) => startMs < oldestMs);
  return {
    attempts: left.reduce((sum, { intercepted, wouldHave }) => sum + intercepted + wouldHave, 0),
    before: periodLabel(oldestMs, timeline.period),
  };
}

/** Where the period before the one that begins at `startMs` begins. */
function before(startMs: number, period: Period): number {
  const steps: Partial<Record<Period, number>> = { minute: MINUTE_MS, hour: 60 * MINUTE_MS, day: DAY_MS, week: 7 * DAY_MS };
  const step = steps[period];
  if (step !== undefined) return startMs - step;
  const start = new Date(startMs);
  const months = period === 'month' ? 1 : 12;
  return Date.UTC(start.getUTCFullYear(), start.getUTCMonth() - months, 1);
}

/** In UTC, as short as the period allows. */
function periodLabel(startMs: number, period: Period): string {
  const iso = new Date(startMs).toISOString();
  if (period === 'minute' || period === 'hour') return iso.slice(11, 16);
  if (period === 'month') return iso.slice(0, 7);
  return period === 'year' ? iso.slice(0, 4) : iso.slice(5, 10);
}

/** Intercepted attempts over time, and on top of them what a stricter mode would have intercepted. Null without accesses. */
export function timelineChart(timeline: Timeline): Html | null {
  const bars = filledIn(timeline);
  if (bars.length === 0) return null;
  const highest = Math.max(1, ...bars.map(({ intercepted, wouldHave }) => intercepted + wouldHave));
  const step = Math.min(WIDTH / bars.length, BAR_WIDTH_MAX + 6);
  const width = Math.max(1, Math.min(step - 2, BAR_WIDTH_MAX));
  const tall = (count: number): number => (count / highest) * (BASE - TOP);
  const labelEvery = Math.ceil(64 / step);
  const drawn = bars.map(({ startMs, intercepted, wouldHave }, i) => {
    const x = hundredths(i * step + (step - width) / 2);
    const stopped = tall(intercepted);
    const would = tall(wouldHave);
    return [
      intercepted > 0 &&
        html`<rect class="bar" x="${x}" y="${hundredths(BASE - stopped)}" width="${hundredths(width)}" height="${hundredths(stopped)}"/>`,
      wouldHave > 0 &&
        html`<rect class="would" x="${x}" y="${hundredths(BASE - stopped - would)}" width="${hundredths(width)}" height="${hundredths(would)}"/>`,
      i % labelEvery === 0 && html`<text x="${x}" y="${HEIGHT - 6}">${periodLabel(startMs, timeline.period)}</text>`,
    ];
  });
  const label = `Attempts by ${timeline.period}: at most ${highest} in one ${timeline.period}`;
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}"><line class="axis" x1="0" y1="${TOP}" x2="${WIDTH}" y2="${TOP}"/><text x="0" y="${TOP - 5}">${highest.toLocaleString('en-US')}</text><line class="axis" x1="0" y1="${BASE}" x2="${WIDTH}" y2="${BASE}"/>${drawn}</svg>`;
}

/** One bar for a row of a table: `count` of the largest in its column. */
export function rowBar(count: number, highest: number): Html {
  const width = highest === 0 ? 0 : Math.max(1, (count / highest) * 120);
  return html`<svg viewBox="0 0 120 10" width="120" height="10" aria-hidden="true"><rect class="bar" x="0" y="1" width="${hundredths(width)}" height="8"/></svg>`;
}

/** Of a pixel: more digits nobody sees. */
export function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
