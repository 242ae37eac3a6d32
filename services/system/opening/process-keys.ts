/**
 * The keys that a process works with, each file read once and before anything is made: of a mistake nothing is left behind, and a file may be
 * a pipe (`NTK_USER_KEY_FILE=<(vault read ...)`), which is empty for whoever reads it again.
 */
import type { Authority } from '../../domain/authority/authority.ts';
import type { Signer } from '../../domain/authority/signature.ts';
import type { Config } from '../../platform/config/load-config.ts';
import { type AuthorityConfig, authorityOf, signerFrom } from './authority.ts';
import type { Role } from './open-system.ts';
import { userKeyOf } from './store.ts';
import { hashedUsers, plainUsers } from './stored-user.ts';

export interface ScoringKeys {
  /** Whose facts of authority count. */
  readonly authority: Authority;
  /** What column `user` holds for a user id; null: its hash under the folder's own key. */
  readonly storedUser: ((user: string) => string) | null;
}

interface ScoringConfig extends AuthorityConfig {
  readonly userKeyFile: string | null;
  readonly storeUser: 'hashed' | 'plain';
}

/** @throws UserError when a file that is named cannot be read or holds no key */
export function readScoringKeys(config: ScoringConfig): ScoringKeys {
  const { storeUser, userKeyFile } = config;
  const authority = authorityOf(config);
  if (storeUser === 'plain') return { authority, storedUser: plainUsers };
  return { authority, storedUser: userKeyFile === null ? null : hashedUsers(userKeyOf(null, userKeyFile)) };
}

export interface PublishingKeys {
  readonly authority: Authority;
  /** Null where nothing has to be signed, or no key is named. */
  readonly signer: Signer | null;
}

export interface Keys {
  /** Null in a process that judges nothing. */
  readonly scoring: ScoringKeys | null;
  /** Null in one that publishes nothing. */
  readonly publishing: PublishingKeys | null;
}

interface KeysConfig extends ScoringConfig {
  readonly signingKeyFile: string | null;
  readonly aggregator: Config['aggregator'];
}

/** @throws UserError as {@link readScoringKeys} */
export function readKeys(config: KeysConfig, roles: readonly Role[]): Keys {
  const scoring = roles.includes('scorer') ? readScoringKeys(config) : null;
  if (!roles.includes('aggregator') || config.aggregator === 'off') return { scoring, publishing: null };
  const authority = scoring?.authority ?? authorityOf(config);
  return { scoring, publishing: { authority, signer: authority.mode === 'open' ? null : signerFrom(config.signingKeyFile) } };
}
