/**
 * Spectral residual (Ren et al. 2019, "Time-Series Anomaly Detection Service at Microsoft"): what is left of the last rows when the usual
 * of their amplitude spectrum is taken out; the saliency of the newest row against the window's mean.
 */
import type { Approach, ApproachKind } from './approach.ts';

const WINDOW = 64;
const COSINES = Float64Array.from({ length: WINDOW }, (_, i) => Math.cos((2 * Math.PI * i) / WINDOW));
const SINES = Float64Array.from({ length: WINDOW }, (_, i) => Math.sin((2 * Math.PI * i) / WINDOW));
/** Frequencies over which the logarithm of the spectrum is averaged, and rows over which saliency is. */
const AVERAGED = 3;

function transform(re: Float64Array, im: Float64Array): [Float64Array, Float64Array] {
  const [outRe, outIm] = [new Float64Array(WINDOW), new Float64Array(WINDOW)];
  for (let k = 0; k < WINDOW; k++)
    for (let t = 0; t < WINDOW; t++) {
      const turn = (k * t) % WINDOW;
      outRe[k]! += re[t]! * COSINES[turn]! + im[t]! * SINES[turn]!;
      outIm[k]! += im[t]! * COSINES[turn]! - re[t]! * SINES[turn]!;
    }
  return [outRe, outIm];
}

function start(): Approach {
  const recent = new Float64Array(WINDOW);
  let count = 0;
  return {
    next(value) {
      recent.copyWithin(0, 1);
      recent[WINDOW - 1] = value;
      count += 1;
      if (count < WINDOW) return 0;
      // The newest row is repeated by extrapolation, as the paper does, so that it does not lie at the edge.
      const slope = (value - recent[WINDOW - 6]!) / 5;
      const row = Float64Array.from(recent, (_, i) => (i < WINDOW - 5 ? recent[i + 5]! : recent[WINDOW - 5]! + slope));
      const [re, im] = transform(row, new Float64Array(WINDOW));
      const logs = re.map((r, k) => Math.log(Math.hypot(r, im[k]!) + 1e-9));
      const residual = logs.map((log, k) => {
        let sum = 0;
        for (let j = -1; j <= 1; j++) sum += logs[(k + j + WINDOW) % WINDOW]!;
        return log - sum / AVERAGED;
      });
      const gain = residual.map((r, k) => Math.exp(r - logs[k]!));
      const [backRe, backIm] = transform(
        re.map((r, k) => r * gain[k]!),
        im.map((v, k) => -v * gain[k]!),
      );
      const saliency = backRe.map((r, t) => Math.hypot(r, backIm[t]!));
      const mean = saliency.reduce((sum, s) => sum + s, 0) / WINDOW;
      return Math.max(0, (saliency[WINDOW - 6]! - mean) / (mean + 1e-9));
    },
  };
}

export const SPECTRAL_RESIDUAL: ApproachKind = { name: 'spectral residual', stateBytes: 4 * (WINDOW + 1), start };
