/**
 * A user of deploy/clickhouse/users.xml in the embedded engine: it reads `config.xml` in its working folder, and whoever opens it is its
 * user `default`. So a folder is made in which that user is called `default`, and what is run in it has that user's rights and profile.
 * The engine takes them from the same parser and checks them as a server does.
 *
 * Two things differ. Rows come from a file, where a server is given them in the request; and a setting that may be changed by a user
 * who may only read (`changeable_in_readonly`) needs a server's configuration, so that line is left out here.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../acceptance/ntk.ts';

export const USERS_FILE = join(ROOT, 'deploy/clickhouse/users.xml');
export const USERS = ['ntk_writer', 'ntk_reader', 'ntk_grafana'] as const;
export type User = (typeof USERS)[number];

const CONFIG = '<clickhouse><users_config>users.xml</users_config></clickhouse>\n';
/** What the embedded engine needs to be opened and given rows. */
const EMBEDDED = ['GRANT CREATE DATABASE ON ntk.*', 'GRANT READ ON FILE'];

const file = readFileSync(USERS_FILE, 'utf8').replaceAll(/<!--[^]*?-->/g, '');

/** The text inside of `<name>...</name>` within a section. */
function inside(section: string, name: string): string {
  const text = new RegExp(`<${section}>([^]*?)</${section}>`).exec(file)?.[1] ?? '';
  const found = new RegExp(`<${name}>([^]*?)</${name}>`).exec(text)?.[1];
  if (found === undefined) throw new Error(`${USERS_FILE} has no ${name} in ${section}`);
  return found;
}

export function grantsOf(user: User): string[] {
  return [...inside('users', user).matchAll(/<query>([^<]*)<\/query>/g)].map(([, grant]) => grant!);
}

export interface EngineUserOptions {
  /** Of its profile, too; without, only its rights. */
  readonly withProfile: boolean;
  /** @default what its users.xml says */
  readonly grants?: readonly string[];
}

/** Makes `folder` one in which the engine is opened as this user. */
export function asUser(folder: string, user: User, { withProfile, grants = grantsOf(user) }: EngineUserOptions): void {
  mkdirSync(folder, { recursive: true });
  const profile = withProfile ? inside('profiles', inside('users', user).match(/<profile>(\w+)</)![1]!) : '';
  const queries = [...grants, ...EMBEDDED].map((grant) => `<query>${grant}</query>`).join('\n');
  const xml = `<clickhouse>
<profiles><default>${profile.replaceAll('<changeable_in_readonly/>', '')}</default></profiles>
<quotas><default/></quotas>
<users><default><password></password><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>
<grants>${queries}</grants></default></users>
</clickhouse>\n`;
  writeFileSync(join(folder, 'config.xml'), CONFIG);
  writeFileSync(join(folder, 'users.xml'), xml);
}
