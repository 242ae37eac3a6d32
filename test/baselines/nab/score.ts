/**
 * The benchmark's rule (Lavin & Ahmad 2015, "Evaluating Real-time Anomaly Detection Algorithms - the Numenta Anomaly Benchmark"), as
 * score.py beside the series has it. A window that is detected earns a sigmoid of how early, a row outside costs one of how far it is
 * past the last window, a window that is missed costs 1. One threshold is swept over all files; 0 is silence, 100 perfection.
 */

export interface ScoredSeries {
  /** One for each row, from 0 to 1. */
  readonly scores: Float64Array;
  /** First and last row of each, both included, in order. */
  readonly windows: readonly (readonly [number, number])[];
}

/** What a false row costs and what a missed window costs, against 1 for a window that is found at once. */
const PROFILES = { standard: [0.11, 1], lowFalsePositives: [0.22, 1], lowFalseNegatives: [0.11, 2] } as const;

export type Profile = keyof typeof PROFILES;

export interface BenchmarkScore {
  readonly score: number;
  readonly threshold: number;
}

/** No row of the first 15 % is judged, and of no more than 750 rows. */
const PROBATION_SHARE = 0.15;
const PROBATION_ROWS_MAX = 750;

function sigmoid(relative: number): number {
  return relative > 3 ? -1 : 2 / (1 + Math.exp(5 * relative)) - 1;
}

interface Points {
  readonly scores: Float64Array;
  readonly values: Float64Array;
  /** Index of the window, -1 outside of one. */
  readonly windows: Int32Array;
  readonly windowCount: number;
  /** Of windows that have at least one judged row. */
  readonly judgedWindows: ReadonlySet<number>;
}

function pointsOf(all: readonly ScoredSeries[]): Points {
  const rows = all.reduce((sum, { scores }) => sum + scores.length, 0);
  const scores = new Float64Array(rows);
  const values = new Float64Array(rows);
  const windows = new Int32Array(rows);
  const judgedWindows = new Set<number>();
  let count = 0;
  let windowCount = 0;
  for (const one of all) {
    const probation = Math.min(Math.floor(PROBATION_SHARE * one.scores.length), PROBATION_ROWS_MAX);
    let w = 0;
    let last: readonly [number, number] | null = null;
    for (let i = 0; i < one.scores.length; i++) {
      const window = one.windows[w];
      let value: number;
      let name = -1;
      if (window !== undefined && window[0] <= i && i <= window[1]) {
        const rowsIn = window[1] - window[0] + 1;
        value = sigmoid(-(window[1] - i + 1) / rowsIn) / sigmoid(-1);
        name = windowCount + w;
        if (i === window[1]) {
          last = window;
          w += 1;
        }
      } else value = last === null ? -1 : sigmoid((i - last[1]) / (last[1] - last[0]));
      if (i < probation) continue;
      scores[count] = one.scores[i]!;
      values[count] = value;
      windows[count] = name;
      if (name >= 0) judgedWindows.add(name);
      count += 1;
    }
    windowCount += one.windows.length;
  }
  return {
    scores: scores.subarray(0, count),
    values: values.subarray(0, count),
    windows: windows.subarray(0, count),
    windowCount,
    judgedWindows,
  };
}

/** In falling order of score, rows of one score as they came; what is 0 stays at the end. */
function sweepOrder(scores: Float64Array): Uint32Array {
  const some: number[] = [];
  const none: number[] = [];
  for (let i = 0; i < scores.length; i++) (scores[i]! > 0 ? some : none).push(i);
  some.sort((a, b) => scores[b]! - scores[a]! || a - b);
  return Uint32Array.from([...some, ...none]);
}

/** Of all series together, with the best threshold of each profile. */
export function benchmarkScore(all: readonly ScoredSeries[]): Record<Profile, BenchmarkScore> {
  const points = pointsOf(all);
  const order = sweepOrder(points.scores);
  const result = {} as Record<Profile, BenchmarkScore>;
  for (const [profile, [falseCost, missCost]] of Object.entries(PROFILES) as [Profile, readonly [number, number]][])
    result[profile] = sweep(points, order, falseCost, missCost);
  return result;
}

/** With a threshold from elsewhere: what a detector earns that is not told the labels. */
export function scoreAt(all: readonly ScoredSeries[], threshold: number, profile: Profile = 'standard'): number {
  const { scores, values, windows, windowCount, judgedWindows } = pointsOf(all);
  const [falseCost, missCost] = PROFILES[profile];
  const earned = new Float64Array(windowCount).fill(-missCost);
  let falseRows = 0;
  for (let i = 0; i < scores.length; i++) {
    if (scores[i]! < threshold) continue;
    const window = windows[i]!;
    if (window < 0) falseRows += values[i]! * falseCost;
    else earned[window] = Math.max(earned[window]!, values[i]!);
  }
  const silent = -missCost * judgedWindows.size;
  const total = falseRows + earned.reduce((sum, one) => sum + one, 0);
  return (100 * (total - silent)) / (windowCount - silent);
}

function sweep(points: Points, order: Uint32Array, falseCost: number, missCost: number): BenchmarkScore {
  const { scores, values, windows, windowCount, judgedWindows } = points;
  const earned = new Float64Array(windowCount).fill(-missCost);
  const silent = -missCost * judgedWindows.size;
  let total = silent;
  let best = -Infinity;
  let threshold = 1.1;
  let current = Infinity;
  for (const i of order) {
    const score = scores[i]!;
    if (score !== current && total > best) {
      best = total;
      threshold = current === Infinity ? 1.1 : current;
    }
    current = score;
    const window = windows[i]!;
    const value = values[i]!;
    if (window < 0) total += value * falseCost;
    else if (value > earned[window]!) {
      total += value - earned[window]!;
      earned[window] = value;
    }
  }
  if (total > best) {
    best = total;
    threshold = current;
  }
  return { score: (100 * (best - silent)) / (windowCount - silent), threshold };
}
