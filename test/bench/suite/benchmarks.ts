/** All benchmarks, in the order in which they run and stand in the table. */
import { baselines } from '../baselines/baselines.ts';
import { latency } from '../latency/latency.ts';
import { memory } from '../memory/memory.ts';
import { parallel } from '../parallel/parallel.ts';
import { restart } from '../restart/restart.ts';
import { embedded } from '../rows/embedded.ts';
import { rowsOverKafka } from '../rows/over-kafka.ts';
import { scoring } from '../scoring/scoring.ts';
import { headline } from '../warehouse/headline.ts';
import type { Benchmark } from './benchmark.ts';

/** Of a log on Kafka. */
export const ON_KAFKA: readonly Benchmark[] = [scoring, rowsOverKafka, latency, memory, restart, parallel];
/** Without a broker. */
export const EMBEDDED: readonly Benchmark[] = [embedded, headline, baselines];

export const BENCHMARKS: readonly Benchmark[] = [
  scoring,
  rowsOverKafka,
  embedded,
  parallel,
  latency,
  memory,
  restart,
  headline,
  baselines,
];
