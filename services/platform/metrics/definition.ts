/**
 * What a metric is, said once: its name, labels and what they can be, unit, which process has it, what it means and when to worry. The
 * metric itself is made from this, and so are docs/metrics.md and the test that no label can take any number of values.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Processes by what they do; `ntk up` does all of it. `process`: whatever it does. */
export const EXPORTERS = ['gateway', 'scorer', 'writer', 'aggregator', 'process'] as const;
export type Exporter = (typeof EXPORTERS)[number];

/** What a label can be: one of a list, or one of at most `max` that are described. */
export type LabelValues =
  | { readonly values: readonly string[]; readonly says?: never; readonly max?: never }
  | { readonly says: string; readonly max: number; readonly values?: never };

interface MetricDefinition<Type extends 'counter' | 'gauge' | 'histogram', Label extends string> {
  readonly type: Type;
  readonly name: string;
  /** One sentence, which Prometheus shows, too. */
  readonly help: string;
  /** In the order in which people read them. */
  readonly labels: Readonly<Record<Label, LabelValues>>;
  readonly unit: string;
  readonly by: readonly Exporter[];
  /** When somebody on call should look, as a whole clause; null: it is for looking at. */
  readonly worry: string | null;
  /** Upper bounds of a histogram's buckets, in its unit. */
  readonly buckets?: readonly number[];
}

export type AnyDefinition = MetricDefinition<'counter' | 'gauge' | 'histogram', string>;

type Stated<Label extends string> = Omit<MetricDefinition<'counter', Label>, 'type' | 'labels' | 'buckets'> & {
  /** @default none */
  readonly labels?: Readonly<Record<Label, LabelValues>>;
};

const NO_LABELS: Readonly<Record<never, LabelValues>> = {};

export function counter<const Label extends string = never>(stated: Stated<Label>): MetricDefinition<'counter', Label> {
  return { type: 'counter', labels: NO_LABELS as Readonly<Record<Label, LabelValues>>, ...stated };
}

export function gauge<const Label extends string = never>(stated: Stated<Label>): MetricDefinition<'gauge', Label> {
  return { type: 'gauge', labels: NO_LABELS as Readonly<Record<Label, LabelValues>>, ...stated };
}

export function histogram(
  stated: Omit<Stated<never>, 'labels'> & { readonly buckets: readonly number[] },
): MetricDefinition<'histogram', never> {
  return { type: 'histogram', labels: NO_LABELS, ...stated };
}

type Made<Definition> =
  Definition extends MetricDefinition<'counter', infer Label>
    ? Counter<Label>
    : Definition extends MetricDefinition<'gauge', infer Label>
      ? Gauge<Label>
      : Histogram<never>;

/**
 * Makes the metrics of some definitions. Each is on the registry when one of `roles` exports it: a gauge that a process knows nothing of
 * would say 0 there. Defining one twice on a registry is an error.
 */
export function makeMetrics<const Definitions extends Readonly<Record<string, AnyDefinition>>>(
  definitions: Definitions,
  registry: Registry,
  roles: readonly Exporter[] = EXPORTERS,
): { readonly [Name in keyof Definitions]: Made<Definitions[Name]> } {
  const made = Object.entries(definitions).map(([key, definition]) => {
    const isOurs = definition.by.some((exporter) => exporter === 'process' || roles.includes(exporter));
    return [key, make(definition, isOurs ? [registry] : [])];
  });
  return Object.fromEntries(made) as { readonly [Name in keyof Definitions]: Made<Definitions[Name]> };
}

function make(definition: AnyDefinition, registers: Registry[]): Counter | Gauge | Histogram {
  const { type, name, help, labels, buckets = [] } = definition;
  const options = { name, help, labelNames: Object.keys(labels), registers };
  if (type === 'histogram') return new Histogram({ ...options, buckets: [...buckets] });
  if (type === 'gauge') return new Gauge(options);
  const metric = new Counter(options);
  // Zero is an answer: a rate over a counter that appears with its first failure misses that failure.
  if (seriesMax(definition) <= ZERO_SERIES_MAX) for (const combination of combinations(definition)) metric.inc(combination, 0);
  return metric;
}

/** Of larger ones, those that the policy makes possible start at zero when it comes into force (services/scorer/report-metrics.ts). */
const ZERO_SERIES_MAX = 200;

/** A gauge whose values are looked up when somebody asks. */
export function lookedUp<Label extends string>(
  { name, help, labels }: MetricDefinition<'gauge', Label>,
  registry: Registry,
  set: (gauge: Gauge<Label>) => void,
): void {
  new Gauge<Label>({
    name,
    help,
    labelNames: Object.keys(labels) as Label[],
    registers: [registry],
    collect() {
      set(this);
    },
  });
}

/** Every combination of labels, where all that they can be is known; none otherwise. */
function combinations({ labels }: AnyDefinition): Record<string, string>[] {
  let found: Record<string, string>[] = [{}];
  for (const [label, { values }] of Object.entries(labels)) {
    if (values === undefined) return [];
    found = found.flatMap((before) => values.map((value) => ({ ...before, [label]: value })));
  }
  return found;
}

/** The largest number of series that one process can have of a metric. */
export function seriesMax({ labels, buckets }: AnyDefinition): number {
  const each = Object.values(labels).reduce(
    (product, one) => product * (one.values === undefined ? one.max : one.values.length),
    1,
  );
  // A histogram has its buckets, the last one without a bound, a sum and a count.
  return buckets === undefined ? each : each * (buckets.length + 3);
}
