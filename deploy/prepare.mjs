#!/usr/bin/env node
/**
 * Before the first `docker compose up`: makes the passwords and keys of this deployment, in `secrets/`, and `.env`, which says whom
 * the containers run as. `node deploy/prepare.mjs [FOLDER]`; again, it keeps everything that is there and makes what is missing.
 *
 * Plain JavaScript for Node 20 and later without a package, because it runs before anything is installed. docs/deploy.md has the
 * table of what is made and who reads it.
 *
 * Files that a container of somebody else's image reads (Grafana, Alertmanager) are readable to all, inside of a folder that only
 * its owner can enter: such a container has another user, and a file is all it is given.
 */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const SECRET_BYTES = 32;
/** Whom the images run as where this is root's: nothing in a container is. */
const IMAGE_USER = { uid: 10_001, gid: 10_001 };
const OWNER_ONLY = 0o600;
const INSIDE_FOLDER = 0o444;

/** What the simulator sends: docs/simulator.md. A token that lacks one would be refused whole requests. */
const SIMULATOR_TYPES = ['ntk.access', 'ntk.declaration', 'ntk.consent', 'ntk.entitlement', 'ntk.standing'];

const folder = resolve(process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url)));
const secrets = join(folder, 'secrets');
const isRoot = process.getuid?.() === 0;
const user = isRoot || process.getuid === undefined ? IMAGE_USER : { uid: process.getuid(), gid: process.getgid() };

const made = [];
const kept = [];

const secret = () => randomBytes(SECRET_BYTES).toString('base64url');
const sha256 = (text) => createHash('sha256').update(text).digest('hex');

function makeFolder(path) {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if (isRoot) chownSync(path, user.uid, user.gid);
}

/** All of `files` or none: a password and its digest belong together. `contents` is asked only when they are made. */
function make(files, contents) {
  const there = files.filter(({ path }) => existsSync(path));
  if (there.length === files.length) {
    kept.push(...files.map(({ path }) => path));
    return;
  }
  if (there.length > 0) {
    const missing = files.filter(({ path }) => !existsSync(path)).map(({ path }) => path);
    fail(
      `${missing.join(', ')} is missing and belongs to ${there.map(({ path }) => path).join(', ')}: put it back, or remove those, too`,
    );
  }
  for (const [i, text] of contents().entries()) {
    const { path, mode } = files[i];
    // Never takes the place of a file that has come meanwhile.
    writeFileSync(path, text, { flag: 'wx', mode });
    if (isRoot) chownSync(path, user.uid, user.gid);
    made.push(path);
  }
}

function fail(message) {
  process.stderr.write(`error: ${message}\n`);
  process.exit(1);
}

const own = (...names) => ({ path: join(secrets, ...names), mode: OWNER_ONLY });
const forOthers = (...names) => ({ path: join(secrets, ...names), mode: INSIDE_FOLDER });

function makeAll() {
  for (const path of [secrets, join(secrets, 'keys'), join(secrets, 'gateway')]) makeFolder(path);
  // One key for all scorers of a log, and for whoever verifies it.
  make([own('user.key')], () => [randomBytes(SECRET_BYTES)]);
  // The aggregator's is no root key: it is added for ntk.prior alone.
  for (const name of ['root.key', 'aggregator.key'])
    make([own('keys', name), own('keys', `${name}.pub`)], () => {
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      return [privateKey.export({ type: 'pkcs8', format: 'pem' }), publicKey.export({ type: 'spki', format: 'pem' })];
    });
  make([own('gateway', 'tokens.yaml'), own('simulator.env')], () => {
    const token = secret();
    const entry = `tokens:\n  - name: simulator\n    sha256: ${sha256(token)}\n    sources: ['host/simulated-*']\n    types: [${SIMULATOR_TYPES.join(', ')}]\n`;
    return [entry, `NTK_TOKEN=${token}\n`];
  });
  const files = [own('clickhouse.env'), own('writer.env'), own('reader.env'), forOthers('ntk-clickhouse-grafana-password')];
  make(files, () => {
    const [writer, reader, grafana] = [secret(), secret(), secret()];
    const digests = Object.entries({ WRITER: writer, READER: reader, GRAFANA: grafana });
    return [
      digests.map(([name, password]) => `NTK_${name}_PASSWORD_SHA256=${sha256(password)}\n`).join(''),
      `NTK_CLICKHOUSE_USER=ntk_writer\nNTK_CLICKHOUSE_PASSWORD=${writer}\n`,
      `NTK_CLICKHOUSE_USER=ntk_reader\nNTK_CLICKHOUSE_PASSWORD=${reader}\n`,
      grafana,
    ];
  });
  make([forOthers('grafana-admin-password')], () => [secret()]);
  make([forOthers('alertmanager-webhook')], () => [secret()]);
  make([{ path: join(folder, '.env'), mode: 0o644 }], () => [
    `# Whom the containers of Need to Know run as, so that they can read secrets/.\nNTK_UID=${user.uid}\nNTK_GID=${user.gid}\n`,
  ]);
}

try {
  makeAll();
} catch (error) {
  fail(`${error.path ?? folder} cannot be written (${error.code ?? error.message})`);
}
process.stdout.write(`made ${made.length} files, kept ${kept.length}: ${secrets}; keep a copy of user.key and keys/ elsewhere\n`);
