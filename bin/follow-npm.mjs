/**
 * `kill` of an `npm start` or `npx ntk up` in the background reaches npm alone, and what npm started would live on and hold the data folder. Whoever
 * was started by npm stops, as on SIGTERM, when its parent has gone. Started directly it stays: a shell that ends takes nobody along.
 */

import { readFileSync } from 'node:fs';

/** Between two looks at the parent, in milliseconds: the system tells nobody that one has gone. */
const LOOK_MS = 1_000;

export function followNpm() {
  if (process.env.npm_lifecycle_event === undefined && process.env.npm_command === undefined) return;
  const before = ancestors();
  const looking = setInterval(() => {
    if (ancestors() === before) return;
    clearInterval(looking);
    process.kill(process.pid, 'SIGTERM');
  }, LOOK_MS);
  looking.unref();
}

/** The parent, and npm behind it where that is the shell (`sh -c`) that npm runs a command in and that outlives it. */
function ancestors() {
  const parent = process.ppid;
  return isShellOfNpm(parent) ? `${parent} ${parentOf(parent)}` : `${parent}`;
}

function isShellOfNpm(pid) {
  return /^(?:.*\/)?(?:sh|dash|bash)\0-c\0/.test(textOf(`/proc/${pid}/cmdline`));
}

/** The second figure behind the name, which may hold anything (man 5 proc). */
function parentOf(pid) {
  return /.*\) \S (\d+)/s.exec(textOf(`/proc/${pid}/stat`))?.[1];
}

/** Empty where a system has no such file; macOS's shell becomes the command, so that the parent is npm itself. */
function textOf(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
