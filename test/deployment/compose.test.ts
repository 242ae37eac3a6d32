/** docker-compose.yml names nothing that is not there, and keeps the rules that it states. Needs no Docker. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { environmentName, SETTING_NAMES, SETTINGS } from '../../services/platform/config/settings.ts';
import { ntk, ROOT } from '../acceptance/ntk.ts';
import {
  type Compose,
  COMPOSE_FILE,
  envFile,
  listensOn,
  mountsOf,
  preparedCompose,
  secretsOf,
  type Service,
} from './compose-file.ts';

const OURS = ['gateway', 'scorer-1', 'scorer-2', 'writer', 'aggregator', 'simulator', 'ntk', 'ntk-repair'];
const COMMANDS = ['simulator', 'ntk', 'ntk-repair'];
/** Read by commands beside the settings: services/platform/config/environment.ts. */
const NO_SETTINGS = ['NTK_TOKEN', 'NTK_DEBUG'];
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };

let checkout: string;
let compose: Compose;
let services: [string, Service][];
beforeAll(() => {
  checkout = mkdtempSync(join(tmpdir(), 'ntk-compose-'));
  compose = preparedCompose(checkout);
  services = Object.entries(compose.services);
});
afterAll(() => rmSync(checkout, { recursive: true, force: true }));

/** The environment that a service is given, with that of its files. */
function environmentOf({ environment = {}, env_file = [] }: Service): Record<string, string> {
  return Object.assign({}, ...env_file.map((path) => envFile(join(checkout, path))), environment) as Record<string, string>;
}

/** Of all services for which it does not hold. */
const failing = (holds: (service: Service, name: string) => boolean): string[] =>
  services.filter(([name, service]) => !holds(service, name)).map(([name]) => name);

describe('what nobody can get at', () => {
  test('no password, token or key stands in the file', () => {
    const named = services.flatMap(([name, { environment = {} }]) =>
      Object.entries(environment)
        .filter(([key]) => /PASSWORD|TOKEN|SECRET|KEY/.test(key) && !key.endsWith('_FILE'))
        .map(([key]) => `${name}: ${key}`),
    );
    expect(named).toEqual([]);
    // In a URL, or anything that looks as if it had been drawn.
    const text = readFileSync(COMPOSE_FILE, 'utf8');
    expect(text).not.toMatch(/:\/\/[^/\s]*@/);
    const drawn = text.match(/[A-Za-z0-9_-]{24,}/g) ?? [];
    expect(drawn.filter((word) => /[a-z]/.test(word) && /[A-Z]/.test(word) && /\d/.test(word))).toEqual([]);
  });

  test('every secret and every file of variables is made by deploy/prepare.mjs, and is kept out of git and of the images', () => {
    const files = [
      ...Object.values(compose.secrets).map(({ file }) => file),
      ...services.flatMap(([, { env_file = [] }]) => env_file),
    ];
    expect(files.length).toBeGreaterThan(5);
    expect(files.filter((file) => !statSync(join(checkout, file)).isFile())).toEqual([]);
    expect(files.filter((file) => !file.startsWith('secrets/'))).toEqual([]);
    const ignored = readFileSync(join(ROOT, '.gitignore'), 'utf8').split('\n');
    expect(ignored).toEqual(expect.arrayContaining(['secrets/', '.env']));
    expect(readFileSync(join(ROOT, '.dockerignore'), 'utf8')).not.toMatch(/secrets|\.env/);
  });

  test('ports are open to this machine only, each once, and are those on the page', () => {
    const ports = services.flatMap(([name, service]) => (service.ports ?? []).map((port) => ({ name, port })));
    expect(ports.filter(({ port }) => !/^127\.0\.0\.1:(\d+):\1$/.test(port))).toEqual([]);
    expect(new Set(ports.map(({ port }) => port)).size).toBe(ports.length);
    const page = readFileSync(join(ROOT, 'docs/deploy.md'), 'utf8');
    for (const { name, port } of ports) {
      const [, , inside] = port.split(':');
      expect(page).toMatch(new RegExp(`^\\| ${name} +\\| .*127\\.0\\.0\\.1:${inside}\\b`, 'm'));
      expect(listensOn(compose, name)).toContain(Number(inside));
    }
    // Kafka has no passwords here, and ClickHouse's users are not for the outside.
    expect(ports.map(({ name }) => name)).toEqual(['gateway', 'prometheus', 'alertmanager', 'grafana']);
  });

  test('containers can do nothing to the machine', () => {
    expect(failing(({ cap_drop }) => cap_drop?.join() === 'ALL')).toEqual([]);
    expect(failing(({ security_opt }) => security_opt?.includes('no-new-privileges:true') === true)).toEqual([]);
    expect(failing(({ privileged, network_mode, pid, cap_add }) => !(privileged ?? network_mode ?? pid ?? cap_add))).toEqual([]);
    expect(failing(({ volumes = [] }) => !volumes.some((volume) => /docker\.sock|^\/(?!\/)/.test(volume)))).toEqual([]);
    expect(failing(({ user }) => /^[1-9]\d*:\d+$/.test(user ?? ''))).toEqual([]);
    expect(failing(({ read_only }, name) => read_only === true || ['kafka', 'clickhouse', 'grafana'].includes(name))).toEqual([]);
  });

  test('what belongs to nobody outside is on networks without a way out', () => {
    expect(
      Object.entries(compose.networks)
        .filter(([, { internal }]) => internal !== true)
        .map(([name]) => name),
    ).toEqual(['front']);
    expect(compose.services['kafka']!.networks).toEqual(['log']);
    expect(compose.services['clickhouse']!.networks).toEqual(['results']);
    // Hosts reach the gateway, and it has no way to the results.
    expect(compose.services['gateway']!.networks).not.toContain('results');
    expect(compose.services['grafana']!.networks).not.toContain('log');
  });
});

describe('what keeps it running', () => {
  test('images are pinned to a version, ours to that of the package', () => {
    expect(failing(({ image }) => /^[a-z][\w./-]*:v?\d+(?:\.\d+){2,3}$/.test(image))).toEqual([]);
    const built = services.filter(([, { build }]) => build !== undefined);
    expect(built.map(([name]) => name)).toEqual(OURS);
    expect(new Set(built.map(([, { image }]) => image))).toEqual(new Set([`need-to-know/services:${version}`]));
    const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
    for (const [, { build }] of built) expect(dockerfile).toMatch(new RegExp(`^FROM \\S+ AS ${build!.target}$`, 'm'));
    expect(readFileSync(COMPOSE_FILE, 'utf8')).not.toContain('latest');
  });

  test('everything has limits of memory, processors, processes and log', () => {
    expect(failing(({ deploy }) => ['cpus', 'memory', 'pids'].every((name) => name in (deploy?.resources.limits ?? {})))).toEqual(
      [],
    );
    expect(failing(({ logging }) => ['max-size', 'max-file'].every((name) => name in (logging?.options ?? {})))).toEqual([]);
  });

  test('everything that stays comes back and is looked after; whoever waits for it can', () => {
    expect(failing(({ restart }, name) => restart === (name.startsWith('ntk') ? 'no' : 'unless-stopped'))).toEqual([]);
    // Ours have the image's own health check.
    expect(failing(({ healthcheck, build }) => build !== undefined || (healthcheck?.test?.length ?? 0) > 1)).toEqual([]);
    expect(failing(({ healthcheck }, name) => (healthcheck?.disable === true) === COMMANDS.includes(name))).toEqual([]);
    const awaited = services.flatMap(([, { depends_on = {} }]) => Object.entries(depends_on));
    expect(awaited.filter(([name]) => compose.services[name]?.healthcheck?.disable !== undefined)).toEqual([]);
    expect(awaited.filter(([name, { condition }]) => !(name in compose.services) || condition !== 'service_healthy')).toEqual([]);
  });

  test('what has to last is in a named volume, and none is left over', () => {
    const named = services.flatMap(([, { volumes = [] }]) => volumes.filter((volume) => !volume.startsWith('./')));
    expect(new Set(named.map((volume) => volume.split(':')[0]))).toEqual(new Set(Object.keys(compose.volumes)));
  });
});

describe('what it says to our code', () => {
  test('every variable is a setting, and is right', () => {
    const wrong = services
      .filter(([name]) => OURS.includes(name))
      .flatMap(([name, service]) =>
        Object.entries(environmentOf(service))
          .filter(([key]) => !NO_SETTINGS.includes(key))
          .map(([key, value]) => {
            const setting = SETTING_NAMES.find((each) => environmentName(each) === key);
            if (setting === undefined) return `${name}: ${key} is no setting`;
            const isRight = SETTINGS[setting].schema.safeParse('isNumber' in SETTINGS[setting] ? Number(value) : value).success;
            return isRight ? null : `${name}: ${key}=${value} must be ${SETTINGS[setting].rule}`;
          }),
      );
    expect(wrong.filter((problem) => problem !== null)).toEqual([]);
  });

  test.each(['gateway', 'scorer-1', 'scorer-2', 'writer', 'aggregator'])(
    '%s starts with a configuration that is right',
    async (name) => {
      const service = compose.services[name]!;
      const { code, stdout, stderr } = await ntk([...service.command!, '--validate'], { env: environmentOf(service) });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain('httpHost = 0.0.0.0');
      // Where the health check of the image asks.
      expect(stdout).toContain('httpPort = 7077');
      expect(stdout).toContain('data = /data');
    },
  );

  test('commands and flags of those that only run are there', async () => {
    const { command } = compose.services['simulator']!;
    const { stdout } = await ntk([command![0]!, '--help']);
    for (const flag of command!.filter((word) => word.startsWith('--'))) expect(stdout).toContain(`${flag} `);
  });

  test('files that settings name are mounted there, and can be written only by commands', () => {
    for (const name of OURS) {
      const service = compose.services[name]!;
      const there = [...secretsOf(service, compose).keys(), ...mountsOf(service).keys()];
      const named = Object.entries(service.environment ?? {}).filter(([key]) => key.endsWith('_FILE'));
      const missing = named.filter(([, path]) => !there.some((mount) => path === mount || path.startsWith(`${mount}/`)));
      expect({ name, missing }).toEqual({ name, missing: [] });
      const writable = [...mountsOf(service)].filter(([, { isReadOnly }]) => !isReadOnly);
      expect(COMMANDS.includes(name) || writable.length === 0).toBe(true);
    }
    const { source } = mountsOf(compose.services['gateway']!).get('/etc/ntk/gateway')!;
    expect(existsSync(join(checkout, source, 'tokens.yaml'))).toBe(true);
  });

  test('scorers share partitions and judge by the same keys; facts of authority are signed', () => {
    const scorers = services.filter(([name]) => name.startsWith('scorer'));
    expect(scorers).toHaveLength(2);
    for (const [, { command, environment }] of scorers) {
      expect(command).toEqual(expect.arrayContaining(['--assignment', 'group']));
      expect(environment!['NTK_AUTHORITY']).toBe('signed');
    }
    expect(scorers[0]![1].environment).toEqual(scorers[1]![1].environment);
    const ofCommands = compose.services['ntk']!.environment!;
    for (const name of ['NTK_AUTHORITY', 'NTK_ROOT_KEYS_FILE', 'NTK_USER_KEY_FILE'])
      expect(ofCommands[name]).toBe(scorers[0]![1].environment![name]);
  });
});

/** `name:port` in what a service is told, of services of this file. */
function reached(service: Service): { readonly host: string; readonly port: number }[] {
  const told = [...(service.command ?? []), ...Object.values(service.environment ?? {}), ...(service.healthcheck?.test ?? [])];
  return told.flatMap((text) =>
    [...String(text).matchAll(/(?:^|[/@,])([a-z][a-z0-9-]*):(\d+)/g)].map(([, host, port]) => ({
      host: host!,
      port: Number(port),
    })),
  );
}

test('every service that another one is told to talk to is there, listens on that port, and shares a network', () => {
  const found = services.flatMap(([name, service]) =>
    reached(service).map((each) => ({ name, networks: service.networks, ...each })),
  );
  expect(found.length).toBeGreaterThan(8);
  const wrong = found.filter(({ host, port, networks }) => {
    const other = compose.services[host];
    return (
      other === undefined || !listensOn(compose, host).includes(port) || !other.networks.some((each) => networks.includes(each))
    );
  });
  expect(wrong).toEqual([]);
});

test('Kafka is one broker that is told so, with a cluster id that it accepts', () => {
  const { environment } = compose.services['kafka']!;
  expect(Buffer.from(environment!['CLUSTER_ID']!, 'base64url')).toHaveLength(16);
  const replications = Object.entries(environment!).filter(([key]) => /REPLICATION_FACTOR|MIN_ISR/.test(key));
  expect(replications.map(([, value]) => value)).toEqual(['1', '1', '1']);
  for (const name of OURS.filter((each) => each !== 'simulator'))
    expect(compose.services[name]!.environment!['NTK_KAFKA_REPLICATION']).toBe('1');
  expect(readFileSync(COMPOSE_FILE, 'utf8')).toContain('FOR TRYING OUT');
});
