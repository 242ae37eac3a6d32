/** Rows of a series in, the same rows with a score out, one at a time: a score is said before the next row is read. */
import { SeriesDetector } from '../domain/baselines/series/series-detector.ts';
import { isSeriesProblem, type SeriesProblem, type SeriesRow } from './series-row.ts';

/** Rows that are named in a summary. */
const HIGHEST_MAX = 5;
/** Digits of a score: what is beyond differs by less than anything that a threshold could mean. */
export const SCORE_DIGITS = 6;
/** Of text that is handed over at once. */
const CHUNK_CHARACTERS = 65_536;

export interface ToldRow {
  readonly timestamp: string;
  readonly value: number;
  readonly score: number;
}

export interface SeriesSummary {
  readonly rows: number;
  /** Rows whose time is before the one above them; they are judged where they stand. */
  readonly backwards: number;
  /** Rows with a score above 0. */
  readonly told: number;
  /** In falling order of score. */
  readonly highest: readonly ToldRow[];
}

/** @param write takes lines of the result, and is waited for. @returns the first problem, where there is one: what was written then is not whole */
export async function scoreSeries(
  rows: AsyncIterable<SeriesRow | SeriesProblem>,
  write: (text: string) => Promise<void>,
  signal?: AbortSignal,
): Promise<SeriesSummary | SeriesProblem | 'stopped'> {
  const detector = new SeriesDetector();
  const state = new Float32Array(detector.layout.floats);
  const highest: ToldRow[] = [];
  let [count, backwards, told, lastMs] = [0, 0, 0, Number.NEGATIVE_INFINITY];
  let text = 'timestamp,value,anomaly_score\n';
  for await (const row of rows) {
    if (signal?.aborted === true) return 'stopped';
    if (isSeriesProblem(row)) return row;
    const score = Number(detector.next(state, 0, row.value, row.timeMs).toPrecision(SCORE_DIGITS));
    count += 1;
    if (row.timeMs < lastMs) backwards += 1;
    lastMs = row.timeMs;
    if (score > 0) {
      told += 1;
      keepHighest(highest, { timestamp: row.stamp, value: row.value, score });
    }
    text += `${row.stamp},${row.text},${score}\n`;
    if (text.length < CHUNK_CHARACTERS) continue;
    await write(text);
    text = '';
  }
  if (count === 0)
    return { line: 1, message: 'there is no row: rows are timestamp,value, with or without a header that names them' };
  await write(text);
  return { rows: count, backwards, told, highest };
}

function keepHighest(highest: ToldRow[], row: ToldRow): void {
  if (highest.length === HIGHEST_MAX && row.score <= highest[HIGHEST_MAX - 1]!.score) return;
  const place = highest.findIndex(({ score }) => row.score > score);
  highest.splice(place < 0 ? highest.length : place, 0, row);
  if (highest.length > HIGHEST_MAX) highest.pop();
}
