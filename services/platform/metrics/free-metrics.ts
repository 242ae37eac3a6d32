/**
 * Metrics that no panel and no alert has, each with why it is there all the same. A metric that one has is not listed here: a test holds
 * this against dashboards/ (test/dashboards/metrics-used.test.ts).
 */
export const FREE_METRICS: Readonly<Record<string, string>> = {};
