/** From the configuration to whose facts of authority count, and to the key that commands sign with. */
import { isPublicKey, keyidOf } from '../../../schemas/public-key.ts';
import { type Authority, ROOTS_MAX } from '../../domain/authority/authority.ts';
import { publicKeyOf, type Signer, signerOf } from '../../domain/authority/signature.ts';
import { decodeBlock } from '../../domain/results/block.ts';
import type { Config } from '../../platform/config/load-config.ts';
import type { EventLog } from '../../platform/log/event-log.ts';
import { type KeyProblem, readPrivateKey, readPublicKeys } from '../../platform/keys/key-files.ts';
import { unsaidOpening } from '../../scorer/maker.ts';
import { isOnKafka } from './open-log.ts';
import { UserError } from '../user-error.ts';

export type AuthorityConfig = Pick<Config, 'authority' | 'rootKeysFile' | 'kafkaBrokers'>;

/**
 * What the configuration says, else `signed` on Kafka, where hosts append by themselves, and `open` on the log of a data folder.
 * @throws UserError when keys are asked for and not there
 */
export function authorityOf(config: AuthorityConfig): Authority {
  const { authority, rootKeysFile } = config;
  const isKafka = isOnKafka(config);
  if ((authority ?? (isKafka ? 'signed' : 'open')) === 'open') return { mode: 'open', isAssumed: authority === null };
  if (rootKeysFile === null) {
    throw new UserError(
      `facts of authority have to be signed ${isKafka ? 'on Kafka' : '(NTK_AUTHORITY=signed)'}, but no root keys are named: make one with ntk keys make --out root.key and set NTK_ROOT_KEYS_FILE=root.key.pub${isKafka ? ', or accept those of everybody who can append with NTK_AUTHORITY=open' : ''}`,
    );
  }
  const roots = [...new Set(publicKeysOf(rootKeysFile))];
  if (roots.length > ROOTS_MAX) throw new UserError(`${rootKeysFile} holds ${roots.length} root keys, more than ${ROOTS_MAX}`);
  return { mode: 'signed', roots };
}

/**
 * For a command that publishes a fact of authority or says which of them count. Run in a shell without NTK_AUTHORITY and the root keys, it
 * would take facts for good that the scorer rejects.
 * @throws UserError where the log was judged with signatures and the configuration does not say whose count
 */
export async function requireAuthoritySetting(log: EventLog, authority: Authority): Promise<void> {
  if (authority.mode !== 'open' || authority.isAssumed !== true) return;
  for (let partition = 0; partition < log.partitions; partition++) {
    const last = await log.last('results', partition);
    const forgotten = last === null ? null : unsaidOpening(partition, decodeBlock(last.value).header, authority);
    if (forgotten !== null) throw new UserError(forgotten.message);
  }
}

/** The public keys of a file, base64. @throws UserError */
export function publicKeysOf(file: string): string[] {
  const keys = readPublicKeys(file);
  if (isProblem(keys)) throw new UserError(`the key file ${file} ${keys.problem}`);
  const texts = keys.map(publicKeyOf);
  if (texts.every(isPublicKey)) return texts;
  throw new UserError(`the key file ${file} holds a key that anybody can sign for (its point has a small order)`);
}

/** Who signs what a command publishes; null when no key is configured. @throws UserError */
export function signerFrom(signingKeyFile: string | null): Signer | null {
  if (signingKeyFile === null) return null;
  const key = readPrivateKey(signingKeyFile);
  if (isProblem(key)) throw new UserError(`the key file ${signingKeyFile} ${key.problem}`);
  return signerOf(key);
}

export function isRoot(authority: Authority, keyid: string): boolean {
  return authority.mode === 'signed' && authority.roots.some((publicKey) => keyidOf(publicKey) === keyid);
}

function isProblem(value: object): value is KeyProblem {
  return 'problem' in value;
}
