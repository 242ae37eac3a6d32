/** docker-compose.yml as Compose reads it: merged, with the variables of `.env` put in, from a checkout that was prepared. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from '../acceptance/ntk.ts';

export const COMPOSE_FILE = join(ROOT, 'docker-compose.yml');
export const PREPARE = join(ROOT, 'deploy/prepare.mjs');

export interface Healthcheck {
  readonly test?: readonly string[];
  readonly disable?: boolean;
}

export interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly target: string };
  readonly user?: string;
  readonly command?: readonly string[];
  readonly profiles?: readonly string[];
  readonly restart?: string;
  readonly read_only?: boolean;
  readonly init?: boolean;
  readonly privileged?: boolean;
  readonly network_mode?: string;
  readonly pid?: string;
  readonly cap_add?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly networks: readonly string[];
  readonly ports?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly env_file?: readonly string[];
  readonly volumes?: readonly string[];
  readonly secrets?: readonly (string | { readonly source: string; readonly target: string })[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: Healthcheck;
  readonly logging?: { readonly driver: string; readonly options: Readonly<Record<string, string>> };
  readonly deploy?: { readonly resources: { readonly limits: Readonly<Record<'cpus' | 'memory' | 'pids', string | number>> } };
}

export interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
  readonly volumes: Readonly<Record<string, object>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

/** Runs deploy/prepare.mjs on a folder. */
export function prepare(folder: string): { readonly code: number | null; readonly stdout: string; readonly stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PREPARE, folder], { encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

/** `NAME=value` lines. */
export function envFile(path: string): Record<string, string> {
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

/** @throws Error for a variable that is not there, as Compose refuses it */
export function readCompose(variables: Readonly<Record<string, string>>): Compose {
  const text = readFileSync(COMPOSE_FILE, 'utf8').replaceAll(
    /\$\{(\w+)(?::\?([^}]*))?\}/g,
    (_, name: string, message?: string) => {
      const value = variables[name];
      if (value === undefined) throw new Error(message ?? `${name} is not set`);
      return value;
    },
  );
  // The parser's limit is for text of strangers: aliases that hold aliases.
  return parse(text, { merge: true, uniqueKeys: true, maxAliasCount: -1 }) as Compose;
}

/** The files of secrets that a service is given, by where it finds them. */
export function secretsOf({ secrets = [] }: Service, compose: Compose): Map<string, string> {
  return new Map(
    secrets.map((each) => {
      const { source, target } = typeof each === 'string' ? { source: each, target: `/run/secrets/${each}` } : each;
      return [target, compose.secrets[source]!.file];
    }),
  );
}

/** Folders and files of the checkout that a service is given, by where it finds them; named volumes are left out. */
export function mountsOf({ volumes = [] }: Service): Map<string, { readonly source: string; readonly isReadOnly: boolean }> {
  const mounts = volumes.map((text) => text.split(':') as [string, string, string?]);
  return new Map(
    mounts
      .filter(([source]) => source.startsWith('./'))
      .map(([source, target, mode]) => [target, { source, isReadOnly: mode === 'ro' }]),
  );
}

/** @throws Error with what deploy/prepare.mjs said */
export function preparedCompose(folder: string): Compose {
  const { code, stderr } = prepare(folder);
  if (code !== 0) throw new Error(stderr);
  return readCompose(envFile(join(folder, '.env')));
}

/** What those listen on that say it nowhere in the file. */
const PORTS_OF_OTHERS: Readonly<Record<string, readonly number[]>> = {
  clickhouse: [8123],
  prometheus: [9090],
  alertmanager: [9093],
  grafana: [3000],
};

/** Ports that a service listens on inside. */
export function listensOn({ services }: Compose, name: string): number[] {
  const { command = [], environment = {} } = services[name] ?? {};
  if (name === 'kafka') return [...environment['KAFKA_LISTENERS']!.matchAll(/:(\d+)/g)].map(([, port]) => Number(port));
  const port = command[command.indexOf('--port') + 1];
  return command.includes('--port') ? [Number(port)] : [...(PORTS_OF_OTHERS[name] ?? [])];
}
