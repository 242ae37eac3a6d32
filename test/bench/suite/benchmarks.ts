/** All benchmarks, in the order in which they run and stand in the table. */
import { scoring } from '../scoring/scoring.ts';
import type { Benchmark } from './benchmark.ts';

export const BENCHMARKS: readonly Benchmark[] = [scoring];
