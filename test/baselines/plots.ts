/** The pictures in docs/baselines-series.md, from the given part of the benchmark: `node test/baselines/plots.ts`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scoreAll, seriesDetector } from './nab/run-detector.ts';
import { benchmarkScore, type ScoredSeries } from './nab/score.ts';
import { type LabelledSeries, readNab } from './nab/series.ts';

const FOLDER = join(import.meta.dirname, '../../docs/images');
const SHOWN: Readonly<Record<string, string>> = {
  'realTweets/Twitter_volume_AAPL.csv': 'series-tweets-aapl',
  'realTweets/Twitter_volume_IBM.csv': 'series-tweets-ibm',
  'realAdExchange/exchange-4_cpm_results.csv': 'series-ad-prices',
  'artificialWithAnomaly/art_daily_flatmiddle.csv': 'series-flat-middle',
  'artificialWithAnomaly/art_increase_spike_density.csv': 'series-spike-density',
};

const [WIDTH, LEFT, TOP, VALUES_HEIGHT, GAP, SCORES_HEIGHT] = [900, 56, 30, 150, 14, 60];
const HEIGHT = TOP + VALUES_HEIGHT + GAP + SCORES_HEIGHT + 26;
const PLOT = WIDTH - LEFT - 12;
const [INK, LINE, WINDOW, FOUND, FALSE] = ['#1f2933', '#52606d', '#dbeafe', '#047857', '#c2410c'];

const LEGEND =
  'Blue: labelled. Judged from the dashed line on. Green: told inside a label. Orange: told outside. Grey: below the threshold.';

function plot({ name, stamps, values, windows }: LabelledSeries, { scores }: ScoredSeries, threshold: number): string {
  const rows = values.length;
  const xOf = (row: number): number => LEFT + (PLOT * row) / (rows - 1);
  const probation = Math.min(Math.floor(0.15 * rows), 750);
  const high = values.reduce((most, value) => Math.max(most, value));
  const low = values.reduce((least, value) => Math.min(least, value));
  const yOf = (value: number): number => TOP + VALUES_HEIGHT * (1 - (value - low) / (high - low || 1));
  const highest = scores.subarray(probation).reduce((most, score) => Math.max(most, score), 0);
  const floor = TOP + VALUES_HEIGHT + GAP + SCORES_HEIGHT;
  const parts = windows.map(
    ([from, to]) =>
      `<rect x="${xOf(from).toFixed(1)}" y="${TOP}" width="${(xOf(to) - xOf(from)).toFixed(1)}" height="${floor - TOP}" fill="${WINDOW}"/>`,
  );
  parts.push(`<path d="${lineOf(values, xOf, yOf)}" fill="none" stroke="${LINE}" stroke-width="0.8"/>`);
  for (let i = 0; i < rows; i++) {
    if (scores[i]! <= 0.005) continue;
    const isInside = windows.some(([from, to]) => from <= i && i <= to);
    const isTold = scores[i]! >= threshold && i >= probation;
    const color = isTold ? (isInside ? FOUND : FALSE) : '#cbd2d9';
    const [x, height] = [xOf(i).toFixed(1), SCORES_HEIGHT * Math.min(1, scores[i]! / highest)];
    parts.push(`<path d="M${x} ${floor}v${(-height).toFixed(1)}" stroke="${color}" stroke-width="1.6"/>`);
    if (isTold) parts.push(`<circle cx="${x}" cy="${yOf(values[i]!).toFixed(1)}" r="2.6" fill="${color}"/>`);
  }
  const text = (x: number, y: number, words: string, anchor = 'start'): string =>
    `<text x="${x}" y="${y}" text-anchor="${anchor}">${words}</text>`;
  parts.push(
    text(LEFT, 18, `${name} (${rows} rows, ${stamps[0]!.slice(0, 10)} to ${stamps.at(-1)!.slice(0, 10)})`),
    text(LEFT - 6, TOP + 8, short(high), 'end'),
    text(LEFT - 6, TOP + VALUES_HEIGHT, short(low), 'end'),
    text(LEFT - 6, floor - SCORES_HEIGHT + 8, short(highest), 'end'),
    text(LEFT - 6, floor, 'score', 'end'),
    `<path d="M${xOf(probation).toFixed(1)} ${TOP}V${floor}" stroke="${INK}" stroke-width="0.6" stroke-dasharray="3 3"/>`,
    text(LEFT, floor + 18, LEGEND),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11" fill="${INK}"><rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>${parts.join('\n')}</svg>\n`;
}

/** Lowest and highest value of each half pixel: no spike is lost. */
function lineOf(values: Float64Array, xOf: (row: number) => number, yOf: (value: number) => number): string {
  const step = Math.max(1, Math.ceil(values.length / PLOT));
  const points: string[] = [];
  for (let from = 0; from < values.length; from += step) {
    const some = values.subarray(from, from + step);
    const [least, most] = [some.indexOf(Math.min(...some)), some.indexOf(Math.max(...some))];
    for (const at of least < most ? [least, most] : most < least ? [most, least] : [least])
      points.push(`${xOf(from + at).toFixed(1)} ${yOf(some[at]!).toFixed(1)}`);
  }
  return `M${points.join('L')}`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}

const given = readNab();
const scored = scoreAll(given, seriesDetector());
const { threshold } = benchmarkScore(scored).standard;
mkdirSync(FOLDER, { recursive: true });
given.forEach((series, i) => {
  const picture = SHOWN[series.name];
  if (picture !== undefined) writeFileSync(join(FOLDER, `${picture}.svg`), plot(series, scored[i]!, threshold));
});
