/** What each host API, and each name that hosts have for a kind of data, means in our categories (formats.md). */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { z } from 'zod';
import { CATEGORIES, type Category } from '../codes.ts';
import android from './android.json' with { type: 'json' };
import apple from './apple.json' with { type: 'json' };
import appleTcc from './apple-tcc.json' with { type: 'json' };
import wechat from './wechat.json' with { type: 'json' };
import wechatAppJson from './wechat-app-json.json' with { type: 'json' };
import wechatPrivacyKeys from './wechat-privacy-keys.json' with { type: 'json' };

const categoryByName = z.record(z.string(), z.enum(CATEGORIES));
const categoriesByName = z.record(z.string(), z.array(z.enum(CATEGORIES)).min(1));

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

/** `source` of what an App Privacy Report says. */
export const APPLE_REPORT_SOURCE = 'host/apple-ios';

/** SHA-256 (hex) over all API maps as canonical JSON (RFC 8785): what a checkpoint and a block were made with. */
export const CATALOGUE_HASH: string = createHash('sha256')
  .update(canonicalize({ [wechat.host]: wechat.apis, [apple.host]: apple.apis })!, 'utf8')
  .digest('hex');

/** `privacy_key` of a WeChat manifest to category. For importers; no part of a verdict, so no part of the hash. */
export const WECHAT_PRIVACY_KEYS: ReadonlyMap<string, Category> = mapOf(wechatPrivacyKeys.privacyKeys);

/** What a `privacy_key` covers beside its category: the key for places is also that of wx.getFuzzyLocation (formats.md). */
export const WECHAT_ALSO_COVERED: ReadonlyMap<string, readonly Category[]> = new Map(
  Object.entries(categoriesByName.parse(wechatPrivacyKeys.alsoCovers)),
);

/** `permission` scope of an app.json to categories. */
export const WECHAT_SCOPES: ReadonlyMap<string, readonly Category[]> = new Map(
  Object.entries(categoriesByName.parse(wechatAppJson.scopes)),
);

/** Host APIs (`wx.…`) that an app.json must list in `requiredPrivateInfos` before they may be called. */
export const WECHAT_REQUIRED_PRIVATE_INFOS: ReadonlySet<string> = new Set(
  wechatAppJson.requiredPrivateInfos.map((name) => `wx.${name}`),
);

/** The moment (RFC 3339) from which the platform refuses them undeclared; a program that was not changed since could not know. */
export const WECHAT_REQUIRED_SINCE: string = z.iso.datetime({ offset: true }).parse(wechatAppJson.requiredPrivateInfosSince);

/** What static analysis calls an API, where that is not its name in the catalogue. */
export const WECHAT_CODE_NAMES: ReadonlyMap<string, string> = new Map(Object.entries(wechatAppJson.codeNames));

/** Words by which the sample sentences of the platform's documentation are known. */
export const WECHAT_SAMPLE_PURPOSES: readonly string[] = wechatAppJson.samplePurposes;

/** `tccService` of a version 2 App Privacy Report to category. */
export const APPLE_TCC_SERVICES: ReadonlyMap<string, Category> = mapOf(appleTcc.services);

/** `stream` of a version 2 App Privacy Report, where no `tccService` says more, to category. */
export const APPLE_STREAMS: ReadonlyMap<string, Category> = mapOf(appleTcc.streams);

/** Android app op (in lower case) to category. An importer says it with the access, so it is no part of the hash. */
export const ANDROID_OPS: ReadonlyMap<string, Category> = mapOf(android.ops);

/** App ops that hand over no personal data, such as the wake lock. Ops that neither list has are kept: they may be anything. */
export const ANDROID_OTHER_OPS: ReadonlySet<string> = new Set(android.withoutPersonalData);
