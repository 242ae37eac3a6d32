/**
 * Whether the process in this container is healthy: exit 0 or 1, for images without a shell or curl. Says what is wrong, which
 * `docker inspect` shows. Plain JavaScript, because it is started every few seconds.
 */
const HEALTH_URL = process.argv[2] ?? 'http://127.0.0.1:7077/health';
/** Less than the health check's own time, so that there is a reason to read. */
const ANSWER_MS_MAX = 4_000;

try {
  const response = await fetch(HEALTH_URL, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
  const report = await response.json();
  if (!response.ok) {
    const failing = Object.entries(report.checks).filter(([, { ok }]) => !ok);
    process.stdout.write(`${failing.map(([name, { detail }]) => `${name}: ${detail}`).join('; ')}\n`);
    process.exitCode = 1;
  }
} catch (error) {
  process.stdout.write(`${HEALTH_URL} does not answer: ${error.cause?.code ?? error.message}\n`);
  process.exitCode = 1;
}
