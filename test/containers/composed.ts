/**
 * Services of docker-compose.yml as containers, by testcontainers: with the command, user, environment, secrets, folders, limits
 * and rights that stand there. All share one network, where Compose gives them several.
 */
import { join } from 'node:path';
import { GenericContainer, type StartedNetwork, type StartedTestContainer, Wait } from 'testcontainers';
import { ROOT } from '../acceptance/ntk.ts';
import { type Compose, envFile, mountsOf, secretsOf, type Service } from '../deployment/compose-file.ts';
import { SERVICES_IMAGE } from './images.ts';

const START_MS_MAX = 240_000;
const KIB = 1024;

/** What testcontainers has no words for. */
class ContainedContainer extends GenericContainer {
  constructor(service: Service) {
    super(SERVICES_IMAGE);
    const { read_only: isReadOnly = false, init: hasInit = false, healthcheck, deploy } = service;
    const { memory, cpus, pids } = deploy!.resources.limits;
    Object.assign(this.hostConfig, {
      ReadonlyRootfs: isReadOnly,
      Init: hasInit,
      Memory: bytesOf(String(memory)),
      NanoCpus: Number(cpus) * 1e9,
      PidsLimit: Number(pids),
    });
    if (healthcheck?.disable === true) this.createOpts.Healthcheck = { Test: ['NONE'] };
  }
}

/** `512m`, `1g`. */
function bytesOf(text: string): number {
  const [, count, unit] = /^(\d+)([kmg])$/.exec(text)!;
  return Number(count) * KIB ** ('kmg'.indexOf(unit!) + 1);
}

export interface ComposedOptions {
  readonly compose: Compose;
  /** Of the prepared checkout: where `./secrets` is. */
  readonly checkout: string;
  readonly network: StartedNetwork;
  /** Other words in place of those of the file. */
  readonly replace?: Readonly<Record<string, string>>;
}

/** The container of a service, not started. */
export function composed(name: string, { compose, checkout, network, replace = {} }: ComposedOptions): GenericContainer {
  const service = compose.services[name]!;
  const inPlace = (text: string): string => replace[text] ?? text;
  const files = Object.assign({}, ...(service.env_file ?? []).map((path) => envFile(join(checkout, path)))) as Record<
    string,
    string
  >;
  const environment = Object.fromEntries(
    Object.entries({ ...files, ...service.environment }).map(([key, value]) => [key, inPlace(value)]),
  );
  const secrets = [...secretsOf(service, compose)].map(([target, file]) => ({
    source: join(checkout, file),
    target,
    mode: 'ro' as const,
  }));
  const folders = [...mountsOf(service)].map(([target, { source, isReadOnly }]) => ({
    source: join(source.startsWith('./secrets/') ? checkout : ROOT, source),
    target,
    mode: isReadOnly ? ('ro' as const) : ('rw' as const),
  }));
  const tmpfs = Object.fromEntries(
    (service.tmpfs ?? []).map((text) => [text.slice(0, text.indexOf(':')), text.slice(text.indexOf(':') + 1)]),
  );
  const container = new ContainedContainer(service)
    .withNetwork(network)
    .withNetworkAliases(name)
    .withUser(service.user!)
    .withEnvironment(environment)
    .withBindMounts([...secrets, ...folders])
    .withTmpFs(tmpfs)
    .withDroppedCapabilities(...(service.cap_drop ?? []))
    .withSecurityOpt(...(service.security_opt ?? []))
    .withStartupTimeout(START_MS_MAX);
  return service.command === undefined ? container : container.withCommand(service.command.map(inPlace));
}

/** Stays until it is stopped: commands of `docker compose run --rm ntk ...` are executed in it. */
const STAYS = ['node', '-e', "process.on('SIGTERM', () => process.exit(0)); setInterval(() => {}, 60_000); console.log('ready')"];

export interface CommandResult {
  readonly code: number;
  readonly output: string;
}

/** A container for commands, in which several run one after the other. */
export async function commands(
  name: string,
  options: ComposedOptions,
): Promise<{
  readonly container: StartedTestContainer;
  readonly ntk: (words: readonly string[]) => Promise<CommandResult>;
}> {
  const container = await composed(name, options)
    .withEntrypoint(STAYS)
    .withCommand([])
    .withWaitStrategy(Wait.forLogMessage('ready'))
    .start();
  const ntk = async (words: readonly string[]): Promise<CommandResult> => {
    const { exitCode, output } = await container.exec(['node', 'bin/ntk.mjs', ...words]);
    return { code: exitCode, output };
  };
  return { container, ntk };
}
