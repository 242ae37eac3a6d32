/**
 * Key files: a private key as PKCS#8 PEM that only its owner can read, public keys as SPKI PEM, several in one file if there are
 * several: the forms that `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout` write. What is wrong is a value.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createFile } from '../folder/whole-file.ts';
import { systemCodeInWords, systemCodeOf } from '../system-error.ts';

/** Completes "the key file FILE ...". */
export interface KeyProblem {
  readonly problem: string;
}

/** What group and others may do with a file. */
const OTHERS = 0o077;
const PUBLIC_MODE = 0o644;
/** Some keys in PEM, with words around them. */
const KEY_FILE_BYTES_MAX = 64 * 1024;
const PUBLIC_PEM = /-----BEGIN PUBLIC KEY-----[\s\S]*?-----END PUBLIC KEY-----/;

const PUBLIC_NOT_PRIVATE = 'holds a public key: name the private one that it was made with, which has no .pub at its end';

export function publicFileOf(path: string): string {
  return `${path}.pub`;
}

/** Writes a new private key to `path` and its public key to `path`.pub. Never takes the place of a file that is there. */
export function makeKeyFiles(path: string): { readonly publicKey: KeyObject } | KeyProblem {
  const taken: KeyProblem = { problem: 'is there already (or its .pub): keys are never overwritten, choose another name' };
  if (existsSync(path) || existsSync(publicFileOf(path))) return taken;
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  let isOurs = false;
  try {
    if (!createFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }))) return taken;
    isOurs = true;
    writeFileSync(publicFileOf(path), publicKey.export({ type: 'spki', format: 'pem' }), { flag: 'wx', mode: PUBLIC_MODE });
  } catch (error) {
    // One without the other would only stand in the way of the next try.
    if (isOurs) rmSync(path, { force: true });
    if (isOurs && systemCodeOf(error) !== 'EEXIST') rmSync(publicFileOf(path), { force: true });
    return { problem: `cannot be written (${systemCodeInWords(error)})` };
  }
  return { publicKey };
}

export function readPrivateKey(path: string): KeyObject | KeyProblem {
  const text = read(path);
  if (typeof text !== 'string') return text;
  // Before anything else: a public key is meant to be read by others.
  if (PUBLIC_PEM.test(text) && !text.includes('PRIVATE KEY')) return { problem: PUBLIC_NOT_PRIVATE };
  if ((statSync(path).mode & OTHERS) !== 0) return { problem: `can be read by others than its owner: chmod 600 ${path}` };
  try {
    const key = createPrivateKey(text);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Said below; the reason is the library's own and may quote what it read.
  }
  return { problem: 'holds no private Ed25519 key (PEM, without a passphrase); make one with ntk keys make --out FILE' };
}

/** All public keys of a file, at least one. */
export function readPublicKeys(path: string): readonly KeyObject[] | KeyProblem {
  const text = read(path);
  if (typeof text !== 'string') return text;
  const keys: KeyObject[] = [];
  for (const [pem] of text.matchAll(new RegExp(PUBLIC_PEM, 'g'))) {
    try {
      const key = createPublicKey(pem);
      if (key.asymmetricKeyType !== 'ed25519') return { problem: `holds a public key that is no Ed25519 key` };
      keys.push(key);
    } catch {
      return { problem: 'holds a public key that cannot be read' };
    }
  }
  return keys.length > 0 ? keys : { problem: 'holds no public key (PEM); ntk keys make writes one beside the private key' };
}

function read(path: string): string | KeyProblem {
  try {
    if (statSync(path).size > KEY_FILE_BYTES_MAX)
      return { problem: `has more than ${KEY_FILE_BYTES_MAX} bytes: it is no key file` };
    return readFileSync(path, 'utf8');
  } catch (error) {
    return { problem: `cannot be read (${systemCodeInWords(error)})` };
  }
}
