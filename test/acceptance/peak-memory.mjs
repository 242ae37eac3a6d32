/** Loaded before a command: leaves the most memory that its process ever held, in bytes, where the test looks for it. */
import { writeFileSync } from 'node:fs';

const BYTES_PER_KIB = 1024;

process.on('exit', () => {
  writeFileSync(process.env.TEST_PEAK_MEMORY_FILE, String(process.resourceUsage().maxRSS * BYTES_PER_KIB));
});
