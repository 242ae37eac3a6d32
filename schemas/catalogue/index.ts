/** What each host API, and each name that hosts have for a kind of data, means in our categories (formats.md). */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { z } from 'zod';
import { CATEGORIES, type Category } from '../codes.ts';
import apple from './apple.json' with { type: 'json' };
import appleTcc from './apple-tcc.json' with { type: 'json' };
import wechat from './wechat.json' with { type: 'json' };
import wechatPrivacyKeys from './wechat-privacy-keys.json' with { type: 'json' };

const categoryByName = z.record(z.string(), z.enum(CATEGORIES));

/** Own properties only: a name such as `__proto__` or `constructor` is in no map unless a file lists it. */
function mapOf(...files: readonly Readonly<Record<string, string>>[]): ReadonlyMap<string, Category> {
  const map = new Map<string, Category>();
  for (const file of files) {
    for (const [name, category] of Object.entries(categoryByName.parse(file))) {
      if (map.has(name)) throw new Error(`the catalogue has ${name} twice`);
      map.set(name, category);
    }
  }
  return map;
}

/** Host API to category; exact and case-sensitive. A constant of the release. */
export const CATALOGUE: ReadonlyMap<string, Category> = mapOf(wechat.apis, apple.apis);

/** SHA-256 (hex) over all API maps as canonical JSON (RFC 8785): what a checkpoint and a block were made with. */
export const CATALOGUE_HASH: string = createHash('sha256')
  .update(canonicalize({ [wechat.host]: wechat.apis, [apple.host]: apple.apis })!, 'utf8')
  .digest('hex');

/** `privacy_key` of a WeChat manifest to category. For importers; no part of a verdict, so no part of the hash. */
export const WECHAT_PRIVACY_KEYS: ReadonlyMap<string, Category> = mapOf(wechatPrivacyKeys.privacyKeys);

/** `tccService` of a version 2 App Privacy Report to category. */
export const APPLE_TCC_SERVICES: ReadonlyMap<string, Category> = mapOf(appleTcc.services);

/** `stream` of a version 2 App Privacy Report, where no `tccService` says more, to category. */
export const APPLE_STREAMS: ReadonlyMap<string, Category> = mapOf(appleTcc.streams);
