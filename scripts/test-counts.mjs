/** Prints the closing line of a test run from what vitest's JSON reporter left: `node scripts/test-counts.mjs FILE`. */
import { readFileSync } from 'node:fs';

const run = JSON.parse(readFileSync(process.argv[2], 'utf8'));
// A file that could not be loaded has no tests that could fail; it counts as one.
const unloaded = run.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
const failed = run.numFailedTests + unloaded;
// Whatever else made the run fail (an error outside any test) must not read as a clean one.
const shown = failed === 0 && !run.success ? 1 : failed;
const skipped = run.numPendingTests + run.numTodoTests;
process.stdout.write(`tests: ${run.numPassedTests} passed, ${shown} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
