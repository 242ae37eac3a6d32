/** Images for the tests with containers, built by the daemon of this machine. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { getContainerRuntimeClient } from 'testcontainers';
import { ROOT } from '../acceptance/ntk.ts';

/** Made by build-base.sh where they are not named. */
const OWN_BASE = 'ntk-test/node:24';
/** `node:24.21.0-bookworm-slim`, for instance, where the daemon reaches a registry: the Dockerfile's own. */
const NODE_IMAGE = process.env['NTK_TEST_NODE_IMAGE'] ?? OWN_BASE;
export const DEBIAN_IMAGE = 'ntk-test/debian:12';
export const KAFKA_IMAGE = process.env['NTK_TEST_KAFKA_IMAGE'] ?? 'ntk-test/kafka:4.3.1';
export const SERVICES_IMAGE = 'ntk-test/services:built';

type Dockerode = Awaited<ReturnType<typeof getContainerRuntimeClient>>['container']['dockerode'];

/** The daemon. @throws Error that says what to start */
export async function daemon(): Promise<Dockerode> {
  try {
    return (await getContainerRuntimeClient()).container.dockerode;
  } catch (error) {
    throw new Error(
      'npm run test:containers needs a Docker daemon on this machine and none answers: start one (as root: dockerd &, or systemctl start docker), or name it with DOCKER_HOST',
      { cause: error },
    );
  }
}

/** @throws Error with the end of what the command said */
export async function run(command: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const [file, ...args] = command as [string, ...string[]];
  const child = spawn(file, args, { cwd: ROOT, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => (said += piece.toString('utf8')));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${said.slice(-2_000)}`);
  return said;
}

/** Debian and Node without a registry; what is there is kept. */
export async function ownBases(): Promise<void> {
  await run([join(ROOT, 'test/containers/build-base.sh')]);
}

/** The image of the services, by the Dockerfile of this checkout. Answers its bytes. */
export async function buildServices(docker: Dockerode): Promise<number> {
  if (NODE_IMAGE === OWN_BASE) await ownBases();
  await run(['docker', 'build', '--target', 'services', '--build-arg', `NODE_IMAGE=${NODE_IMAGE}`, '--tag', SERVICES_IMAGE, '.']);
  return (await docker.getImage(SERVICES_IMAGE).inspect()).Size;
}

/** Kafka from the jars that Maven fetches, unless the daemon has the image. */
export async function kafkaImage(docker: Dockerode): Promise<void> {
  const isThere = await docker
    .getImage(KAFKA_IMAGE)
    .inspect()
    .then(
      () => true,
      () => false,
    );
  if (!isThere) await run([join(ROOT, 'test/kafka/build-image.sh')]);
}
