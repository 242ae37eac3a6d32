/** The hours of one kind of data of a program as bars, what is usual at that time of the day as a line, alarms as bands behind them. */
import type { ShownHour } from '../console-source.ts';
import { html, type Html } from '../html.ts';
import { hundredths } from '../report/charts.ts';

const WIDTH = 812;
const HEIGHT = 96;
const TOP = 16;
const BASE = HEIGHT - 20;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const BAR_WIDTH_MAX = 24;
/** A band is seen, however short its alarm. */
const BAND_WIDTH_MIN = 4;
const LABEL_WIDTH_MIN = 60;

export interface Band {
  readonly startMs: number;
  readonly lastMs: number;
}

/** @param hours one after the other, at least one */
export function hoursChart(name: string, hours: readonly ShownHour[], bands: readonly Band[]): Html {
  const fromMs = hours[0]!.startMs;
  const untilMs = hours.at(-1)!.startMs + HOUR_MS;
  const highest = Math.max(1, ...hours.map(({ value, usual }) => Math.max(value, usual ?? 0)));
  const step = WIDTH / hours.length;
  const width = Math.max(0.5, Math.min(step * 0.8, BAR_WIDTH_MAX));
  const x = (ms: number): number => ((ms - fromMs) / (untilMs - fromMs)) * WIDTH;
  const y = (value: number): number => BASE - (value / highest) * (BASE - TOP);
  const bars = hours.map(
    ({ startMs, value }) =>
      value > 0 &&
      html`<rect class="bar" x="${hundredths(x(startMs) + (step - width) / 2)}" y="${hundredths(y(value))}" width="${hundredths(width)}" height="${hundredths(BASE - y(value))}"/>`,
  );
  const seen = bands.filter(({ startMs, lastMs }) => lastMs >= fromMs && startMs < untilMs);
  const drawn = seen.map(({ startMs, lastMs }) => {
    const left = x(Math.max(fromMs, startMs));
    const right = Math.max(left + BAND_WIDTH_MIN, x(Math.min(untilMs, lastMs)));
    return html`<rect class="band" x="${hundredths(Math.min(left, WIDTH - BAND_WIDTH_MIN))}" y="${TOP}" width="${hundredths(right - left)}" height="${BASE - TOP}"/>`;
  });
  const most = hours.reduce((most, hour) => (hour.value > most.value ? hour : most));
  const label = `${name}: at most ${most.value} in an hour, ${shortTime(most.startMs)} UTC${seen.length > 0 ? `; ${seen.length} ${seen.length === 1 ? 'alarm' : 'alarms'} in this time` : ''}`;
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">${drawn}<line class="axis" x1="0" y1="${BASE}" x2="${WIDTH}" y2="${BASE}"/><text x="0" y="${TOP - 5}">${highest.toLocaleString('en-US')}</text>${bars}<path class="usual" d="${usualLine(hours, step, y)}"/>${dayLabels(fromMs, untilMs, x)}</svg>`;
}

/** Begins anew behind hours of which nothing is known. */
function usualLine(hours: readonly ShownHour[], step: number, y: (value: number) => number): string {
  let line = '';
  let isOn = false;
  for (const [i, { usual }] of hours.entries()) {
    if (usual !== null) line += `${isOn ? 'L' : 'M'}${hundredths((i + 0.5) * step)},${hundredths(y(usual))}`;
    isOn = usual !== null;
  }
  return line;
}

/** Where days begin; in less than two, the first hour. */
function dayLabels(fromMs: number, untilMs: number, x: (ms: number) => number): Html[] {
  if (untilMs - fromMs < 2 * DAY_MS) return [html`<text x="0" y="${HEIGHT - 5}">${shortTime(fromMs)}</text>`];
  const labels: Html[] = [];
  let free = 0;
  for (let ms = Math.ceil(fromMs / DAY_MS) * DAY_MS; ms < untilMs; ms += DAY_MS) {
    const at = x(ms);
    if (at < free || at > WIDTH - LABEL_WIDTH_MIN / 2) continue;
    free = at + LABEL_WIDTH_MIN;
    labels.push(
      html`<line class="axis" x1="${hundredths(at)}" y1="${BASE}" x2="${hundredths(at)}" y2="${BASE + 4}"/><text x="${hundredths(at)}" y="${HEIGHT - 5}">${new Date(ms).toISOString().slice(5, 10)}</text>`,
    );
  }
  return labels;
}

function shortTime(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
}
