/** Kafka as processes of this machine: its jars, named by pom.xml, fetched once by Maven into a folder under the temporary one. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  KafkaMissing,
  type KafkaProcess,
  type KafkaRuntime,
  launchScript,
  OUTPUT_CHARS_SHOWN,
  type ProcessSetup,
  propertiesText,
} from './kafka-process.ts';

const run = promisify(execFile);
const POM = join(import.meta.dirname, 'pom.xml');
const JAVA_MIN = 17;
/** 45 MB; minutes only on a slow line. */
const DOWNLOAD_MS_MAX = 300_000;
/** Ends the process group whose number came last, and the folder, when whoever holds its input is gone: also after SIGKILL. */
const LAST_WILL = 'while read -r group; do last=$group; done; [ -z "$last" ] || kill -s KILL -- "-$last"; rm -rf "$1"';

/** @throws KafkaMissing when Java or the jars cannot be had */
export async function jarRuntime(): Promise<KafkaRuntime> {
  await checkJava();
  const jars = await kafkaJars();
  return { name: `the jars in ${jars}`, process: (setup) => new JarProcess(setup, jars) };
}

async function checkJava(): Promise<void> {
  const advice = `install a JDK or JRE of version ${JAVA_MIN} or later`;
  const said = await run('java', ['-version']).catch((error: unknown) => {
    throw new KafkaMissing(`no Java answers to 'java -version'; ${advice}`, { cause: error });
  });
  const version = Number(/version "(\d+)/.exec(said.stderr)?.[1]);
  if (version < JAVA_MIN) throw new KafkaMissing(`Java ${version} is too old; ${advice}`);
}

/** The folder with the jars. Several processes may ask at once. */
async function kafkaJars(): Promise<string> {
  const version = /<artifactId>kafka_2\.13<\/artifactId>\s*<version>([\d.]+)</.exec(readFileSync(POM, 'utf8'))?.[1];
  const folder = join(tmpdir(), `ntk-kafka-${version}`);
  if (existsSync(folder)) return folder;
  mkdirSync(tmpdir(), { recursive: true });
  const partial = mkdtempSync(`${folder}-partial-`);
  try {
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${partial}`, '-DincludeScope=runtime'];
    await run('mvn', ['-q', '-B', '-f', POM, ...goal], { timeout: DOWNLOAD_MS_MAX });
    // Whole or not at all: a folder with this name is complete.
    if (!existsSync(folder)) renameSync(partial, folder);
  } catch (error) {
    if (existsSync(folder)) return folder;
    const reason = error instanceof Error ? error.message.split('\n').slice(0, 3).join(' ') : String(error);
    const advice = 'install Maven, or let it reach its repository';
    throw new KafkaMissing(`Maven could not fetch the jars of Kafka ${version} (${reason}); ${advice}`, { cause: error });
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return folder;
}

class JarProcess implements KafkaProcess {
  readonly #folder = mkdtempSync(join(tmpdir(), 'ntk-broker-'));
  readonly #script: string;
  readonly #lastWill: ChildProcess;
  #running: ChildProcess | null = null;

  constructor(setup: ProcessSetup, jars: string) {
    writeFileSync(join(this.#folder, 'server.properties'), propertiesText(setup.properties(this.#folder)));
    this.#script = launchScript(setup, jars, this.#folder);
    this.#lastWill = spawn('sh', ['-c', LAST_WILL, 'sh', this.#folder], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    this.#lastWill.unref();
  }

  async start(): Promise<void> {
    const output = openSync(this.#output, 'a');
    // A group of its own: whatever the script starts ends with it.
    const started = spawn('sh', ['-c', this.#script], { stdio: ['ignore', output, output], detached: true });
    closeSync(output);
    this.#running = started;
    this.#lastWill.stdin?.write(`${started.pid}\n`);
  }

  async kill(): Promise<void> {
    const running = this.#running;
    this.#running = null;
    if (running === null || hasEnded(running)) return;
    const exited = once(running, 'exit');
    signal(running, 'SIGKILL');
    await exited;
    this.#lastWill.stdin?.write('\n');
  }

  async freeze(): Promise<void> {
    if (this.#running !== null) signal(this.#running, 'SIGSTOP');
  }

  async thaw(): Promise<void> {
    if (this.#running !== null) signal(this.#running, 'SIGCONT');
  }

  async lastWords(): Promise<string | null> {
    const isRunning = this.#running !== null && !hasEnded(this.#running);
    return isRunning ? null : readFileSync(this.#output, 'utf8').slice(-OUTPUT_CHARS_SHOWN);
  }

  async remove(): Promise<void> {
    await this.kill();
    if (hasEnded(this.#lastWill)) return;
    this.#lastWill.ref();
    const exited = once(this.#lastWill, 'exit');
    this.#lastWill.stdin?.end();
    await exited;
  }

  get #output(): string {
    return join(this.#folder, 'output.txt');
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function signal({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid !== undefined) process.kill(-pid, name);
}
