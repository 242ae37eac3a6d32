/**
 * A robust seasonal level with a count's tail, and CUSUM (Page 1954) of what exceeds it. Levels are medians learned by steps (Robbins &
 * Monro 1951), one for each half hour of the day; dispersion is that of a negative binomial, so a tail grows with its level.
 */
import type { Approach, ApproachKind } from './approach.ts';

const SLOTS = 48;
const SLOT_MS = 1_800_000;
/** Slack of the sum, in scales: shifts of twice this are found soonest. */
const SLACK = 2;
/** No shift that lasts is more than this, so that the end of it is seen. */
const SUM_MAX = 12;

function start(): Approach {
  const levels = new Float64Array(SLOTS).fill(Number.NaN);
  let [level, scale, up, down] = [Number.NaN, 0, 0, 0];
  return {
    next(value, timeMs) {
      if (Number.isNaN(level)) level = value;
      const slot = Math.floor(timeMs / SLOT_MS) % SLOTS;
      const known = levels[slot]!;
      const expected = Number.isNaN(known) ? level : 0.7 * known + 0.3 * level;
      const residual = value - expected;
      const spread = Math.sqrt(scale * scale + 0.05 * expected * expected) + 1e-9;
      const z = residual / spread;
      // A tail that is exponential far out: z squared near 0, z far from it.
      const unit = Math.sign(z) * Math.min(z * z, 4 * Math.abs(z));
      up = Math.min(SUM_MAX, Math.max(0, up + unit - SLACK));
      down = Math.min(SUM_MAX, Math.max(0, down - unit - SLACK));
      const step = Math.min(Math.abs(residual), 3 * spread);
      scale += 0.01 * (1.5 * step - scale);
      level += 0.05 * Math.sign(residual) * step;
      levels[slot] = Number.isNaN(known)
        ? value
        : known + 0.05 * Math.sign(value - known) * Math.min(Math.abs(value - known), 3 * spread);
      return Math.abs(unit) + Math.max(up, down);
    },
  };
}

export const SEASONAL_TAIL: ApproachKind = { name: 'seasonal robust tail with CUSUM', stateBytes: 4 * (SLOTS + 6 + 4), start };
