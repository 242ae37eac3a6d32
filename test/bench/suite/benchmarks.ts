/** All benchmarks, in the order in which they run and stand in the table. */
import { latency } from '../latency/latency.ts';
import { memory } from '../memory/memory.ts';
import { parallel } from '../parallel/parallel.ts';
import { restart } from '../restart/restart.ts';
import { embedded } from '../rows/embedded.ts';
import { rowsOverKafka } from '../rows/over-kafka.ts';
import { scoring } from '../scoring/scoring.ts';
import type { Benchmark } from './benchmark.ts';

export const BENCHMARKS: readonly Benchmark[] = [scoring, rowsOverKafka, embedded, latency, memory, restart, parallel];
