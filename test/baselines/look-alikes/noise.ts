/** Noise of the kinds that measured series have. */
import type { Chance } from '../../../services/simulator/chance/chance.ts';

/** Standard normal (Box & Muller 1958). */
export function normal(chance: Chance): number {
  return Math.sqrt(-2 * Math.log(1 - chance.next())) * Math.cos(2 * Math.PI * chance.next());
}

/** Student's t with three degrees: now and then far out. */
export function heavy(chance: Chance): number {
  const [a, b, c] = [normal(chance), normal(chance), normal(chance)];
  return normal(chance) / Math.sqrt((a * a + b * b + c * c) / 3);
}

/** First-order autoregression with unit variance. */
export function smoothNoise(chance: Chance, memory: number): () => number {
  let state = normal(chance);
  const fresh = Math.sqrt(1 - memory * memory);
  return () => (state = memory * state + fresh * normal(chance));
}

/** `count` rows between 20 % and 95 % of all, at least an eighth of that apart. */
export function places(chance: Chance, rows: number, count: number): number[] {
  const stretch = (0.75 * rows) / count;
  return Array.from({ length: count }, (_, i) => Math.floor(0.2 * rows + stretch * (i + chance.within(0.1, 0.8))));
}

/** Whether `i` is within `length` rows after the beginning of one. */
export function during(planted: readonly number[], i: number, length: number): number {
  return planted.findIndex((at) => at <= i && i < at + length);
}

/** A bump of height 1 around `center`, in days. */
export function bump(day: number, center: number, width: number): number {
  const d = (day - center) / width;
  return Math.exp(-0.5 * d * d);
}
