/**
 * The files that are checked in, with time made shorter by a factor: a test that waits for windows of five minutes to fill and to empty
 * would take twenty. Everything that is a time is divided, nothing else: what Prometheus and Alertmanager are told to wait for or to look
 * at by name, ranges and offsets in expressions, and numbers that the rules mark as `# seconds`. Counts, shares and ratios stay. What
 * arrives within T seconds here arrives within T times the factor there, or sooner: the machine is no faster for it.
 */

/** Keys of Prometheus's and Alertmanager's files whose values are durations. */
const DURATIONS: ReadonlySet<string> = new Set(
  (
    'interval for keep_firing_for scrape_interval scrape_timeout evaluation_interval refresh_interval timeout ' +
    'group_wait group_interval repeat_interval resolve_timeout'
  ).split(' '),
);
const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};
const PART = /(\d+)(ms|[smhdwy])/g;
const DURATION = String.raw`(?:\d+(?:ms|[smhdwy]))+`;
/** A range (or the two of a subquery), an offset, or a number of seconds. */
const TIMES = new RegExp(
  String.raw`(?<=\[)(${DURATION})(?:(:)(${DURATION})?)?(?=\])|(?<=\boffset )(${DURATION})|(\d+(?:\.\d+)?)(?= # seconds$)`,
  'gm',
);

/** `1h30m` is 5,400,000. @throws Error for what is no duration */
export function durationMs(text: string): number {
  if (!new RegExp(`^${DURATION}$`).test(text)) throw new Error(`'${text}' is no duration`);
  return [...text.matchAll(PART)].reduce((sum, [, count, unit]) => sum + Number(count) * UNIT_MS[unit!]!, 0);
}

/** To the millisecond; what is not nothing does not become nothing. */
export function compressedDuration(text: string, factor: number): string {
  const ms = durationMs(text);
  return ms === 0 ? '0s' : `${Math.max(1, Math.round(ms / factor))}ms`;
}

export function compressedExpression(expr: string, factor: number): string {
  return expr.replaceAll(TIMES, (_, range?: string, colon = '', step?: string, offset?: string, seconds?: string) => {
    if (seconds !== undefined) return String(Number(seconds) / factor);
    if (offset !== undefined) return compressedDuration(offset, factor);
    return compressedDuration(range!, factor) + colon + (step === undefined ? '' : compressedDuration(step, factor));
  });
}

/** A whole file, parsed. */
export function compressed(value: unknown, factor: number, key = ''): unknown {
  if (Array.isArray(value)) return value.map((one) => compressed(one, factor));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, compressed(inner, factor, name)]));
  if (typeof value !== 'string') return value;
  if (key === 'expr') return compressedExpression(value, factor);
  return DURATIONS.has(key) ? compressedDuration(value, factor) : value;
}
