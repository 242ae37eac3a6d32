/**
 * Kafka as containers, by testcontainers. They share the host's network, so that a broker has the same address on the loopback
 * interface as one without a container and nothing listens beyond it; that is why the daemon has to be one of this very machine.
 */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { GenericContainer, getContainerRuntimeClient, getReaper, ImageName, type StartedTestContainer } from 'testcontainers';
import {
  KafkaMissing,
  type KafkaProcess,
  type KafkaRuntime,
  launchScript,
  OUTPUT_CHARS_SHOWN,
  type ProcessSetup,
  propertiesText,
} from './kafka-process.ts';

/** For machines whose daemon has it under another name, from a mirror for example. */
const IMAGE = process.env.NTK_TEST_KAFKA_IMAGE ?? 'apache/kafka:4.3.1';
/** 400 MB. */
const PULL_MS_MAX = 300_000;
const JARS = '/opt/kafka/libs';
const FOLDER = '/tmp/ntk';

/** Whether it is worth loading testcontainers, which takes a second, and asking for a daemon. */
function mayHaveDaemon(): boolean {
  const { DOCKER_HOST, XDG_RUNTIME_DIR = '/run' } = process.env;
  const sockets = ['/var/run/docker.sock', join(XDG_RUNTIME_DIR, 'docker.sock'), join(homedir(), '.docker/run/docker.sock')];
  return DOCKER_HOST !== undefined || sockets.some((socket) => existsSync(socket));
}

/** @throws KafkaMissing when no daemon of this machine answers or it has no such image */
export async function containerRuntime(): Promise<KafkaRuntime> {
  if (!mayHaveDaemon()) throw new KafkaMissing('there is no Docker daemon');
  const client = await getContainerRuntimeClient().catch((error: unknown) => {
    throw new KafkaMissing('no Docker daemon answers', { cause: error });
  });
  const { host, operatingSystem } = client.info.containerRuntime;
  // Docker Desktop and remote daemons: a host's network is not this machine's.
  if (process.platform !== 'linux' || host !== 'localhost' || operatingSystem === 'Docker Desktop')
    throw new KafkaMissing(`the Docker daemon (${operatingSystem}, ${host}) does not share this machine's network`);
  try {
    // Each asks for an image, and the first container would wait for both.
    await withinMs(PULL_MS_MAX, Promise.all([getReaper(client), client.image.pull(ImageName.fromString(IMAGE))]));
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new KafkaMissing(`the Docker daemon cannot bring ${IMAGE} (${reason})`, { cause: error });
  }
  const { dockerode } = client.container;
  return { name: `containers of ${IMAGE}`, process: (setup) => new ContainerProcess(setup, (id) => dockerode.getContainer(id)) };
}

async function withinMs(ms: number, work: Promise<unknown>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`not within ${ms / 1000} s`)), ms);
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The part of dockerode that testcontainers gives no access to by itself: signals, and a second start with the same data. */
type ContainerOf = (
  id: string,
) => ReturnType<Awaited<ReturnType<typeof getContainerRuntimeClient>>['container']['dockerode']['getContainer']>;

class ContainerProcess implements KafkaProcess {
  readonly #setup: ProcessSetup;
  readonly #containerOf: ContainerOf;
  #started: StartedTestContainer | null = null;

  constructor(setup: ProcessSetup, containerOf: ContainerOf) {
    this.#setup = setup;
    this.#containerOf = containerOf;
  }

  async start(): Promise<void> {
    if (this.#started !== null) {
      await this.#container?.start();
      return;
    }
    const content = propertiesText(this.#setup.properties(FOLDER));
    this.#started = await new GenericContainer(IMAGE)
      .withNetworkMode('host')
      // What is copied belongs to root.
      .withUser('root')
      .withCopyContentToContainer([{ content, target: `${FOLDER}/server.properties` }])
      .withEntrypoint(['sh', '-c'])
      .withCommand([launchScript(this.#setup, JARS, FOLDER)])
      .start();
  }

  async kill(): Promise<void> {
    const container = this.#container;
    if (container === null || !(await container.inspect()).State.Running) return;
    await container.kill();
    await container.wait();
  }

  async freeze(): Promise<void> {
    await this.#container?.pause();
  }

  async thaw(): Promise<void> {
    await this.#container?.unpause();
  }

  async lastWords(): Promise<string | null> {
    const container = this.#container;
    if (container === null) return '';
    if ((await container.inspect()).State.Running) return null;
    const said = await container.logs({ stdout: true, stderr: true, follow: false });
    return said.toString('utf8').slice(-OUTPUT_CHARS_SHOWN);
  }

  async remove(): Promise<void> {
    const container = this.#container;
    this.#started = null;
    await container?.remove({ force: true, v: true });
  }

  get #container(): ReturnType<ContainerOf> | null {
    return this.#started === null ? null : this.#containerOf(this.#started.getId());
  }
}
