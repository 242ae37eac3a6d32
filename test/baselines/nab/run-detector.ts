/** A detector over labelled series, each with a state of its own. */
import { SERIES_CONSTANTS, type SeriesConstants } from '../../../services/domain/baselines/series/constants.ts';
import { SeriesDetector } from '../../../services/domain/baselines/series/series-detector.ts';
import type { Approach } from '../approaches/approach.ts';
import type { ScoredSeries } from './score.ts';
import type { LabelledSeries } from './series.ts';

/** Of the state of one series. */
export const SERIES_BYTES = new SeriesDetector().layout.floats * Float32Array.BYTES_PER_ELEMENT;

export function scoreAll(all: readonly LabelledSeries[], start: () => Approach): ScoredSeries[] {
  return all.map(({ values, times, windows }) => {
    const approach = start();
    return { scores: values.map((value, i) => approach.next(value, times[i]!)), windows };
  });
}

/** What `ntk baseline score` runs, or the same with other constants. */
export function seriesDetector(constants: SeriesConstants = SERIES_CONSTANTS): () => Approach {
  const detector = new SeriesDetector(constants);
  return () => {
    const state = new Float32Array(detector.layout.floats);
    return { next: (value, timeMs) => detector.next(state, 0, value, timeMs) };
  };
}

/** The surprise of each row, whether or not it is told. */
export function fiveViews(constants: SeriesConstants = SERIES_CONSTANTS): () => Approach {
  const detector = new SeriesDetector(constants);
  return () => {
    const state = new Float32Array(detector.layout.floats);
    return {
      next(value, timeMs) {
        detector.next(state, 0, value, timeMs);
        return detector.surprise;
      },
    };
  };
}
