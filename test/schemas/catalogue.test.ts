import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { describe, expect, test } from 'vitest';
import apple from '../../schemas/catalogue/apple.json' with { type: 'json' };
import {
  APPLE_STREAMS,
  APPLE_TCC_SERVICES,
  CATALOGUE,
  CATALOGUE_HASH,
  WECHAT_ALSO_COVERED,
  WECHAT_CODE_NAMES,
  WECHAT_PRIVACY_KEYS,
  WECHAT_REQUIRED_PRIVATE_INFOS,
} from '../../schemas/catalogue/index.ts';
import wechat from '../../schemas/catalogue/wechat.json' with { type: 'json' };
import { EVENTS, VERDICTS } from '../conformance/example.ts';

interface AccessRecord {
  readonly id: string;
  readonly source: string;
  readonly subject: string;
  readonly type: string;
  readonly data?: { readonly api?: string; readonly category?: string | null } | null;
}

/** Accesses of the worked example that leave the category to the catalogue: api, and whether it was found unmapped. */
function judgedByCatalogue(): { api: string; isUnmapped: boolean }[] {
  const key = (source: string, program: string, id: string): string => JSON.stringify([source, program, id]);
  const reasons = new Map(VERDICTS.map((verdict) => [key(verdict.source, verdict.program, verdict.event_id), verdict.reasons]));
  const seen = new Set<string>();
  const judged: { api: string; isUnmapped: boolean }[] = [];
  for (const line of EVENTS.toString('utf8')
    .replace(/^\ufeff/, '')
    .split('\n')) {
    let record: AccessRecord;
    try {
      record = JSON.parse(line) as AccessRecord;
    } catch {
      continue;
    }
    const { id, source, subject, type, data } = record;
    const found = reasons.get(key(source, subject, id));
    if (found === undefined || seen.has(key(source, subject, id))) continue;
    seen.add(key(source, subject, id));
    if (type !== 'ntk.access' || (data?.category ?? null) !== null || data?.api === undefined) continue;
    judged.push({ api: data.api, isUnmapped: found.includes('unmapped_api') });
  }
  return judged;
}

describe('the catalogue', () => {
  test('maps exactly the APIs that the worked example does not call unmapped', () => {
    const judged = judgedByCatalogue();
    expect(judged.length).toBeGreaterThan(2000);
    expect(new Set(judged.map(({ api }) => api)).size).toBe(30);
    expect(judged.filter(({ api, isUnmapped }) => CATALOGUE.has(api) === isUnmapped)).toEqual([]);
  });

  test.each([
    ['wx.getLocation', 'location'],
    ['wx.getFuzzyLocation', 'location_coarse'],
    ['wx.choosePoi', 'location_coarse'],
    ['MapContext.moveToLocation', 'location'],
    ['RecorderManager.start', 'microphone'],
    ['button.getPhoneNumber', 'phone_number'],
    ['component.camera', 'camera'],
    ['getPhoneNumber', 'phone_number'],
    ['getRealtimePhoneNumber', 'phone_number'],
    ['chooseAvatar', 'user_profile'],
    ['camera', 'camera'],
    ['live-pusher', 'camera'],
    ['voip-room', 'camera'],
    ['wx.createVKSession', 'camera'],
    ['wx.addPhoneContact', 'contacts_write'],
    ['wx.getWeRunData', 'health'],
    ['web-view', 'navigation'],
    ['wx.shareAppMessage', 'social_graph'],
    ['wx.getGroupEnterInfo', 'social_graph'],
    ['apple.mediaLibrary', 'media_library'],
    ['apple.network', 'network'],
  ])('says that %s is about %s', (api, category) => {
    expect(CATALOGUE.get(api)).toBe(category);
  });

  test.each(['__proto__', 'constructor', 'toString', 'WX.GETLOCATION', 'wx.getlocation', ' wx.getLocation', '地理', ''])(
    'does not map %j',
    (api) => {
      expect(CATALOGUE.has(api)).toBe(false);
    },
  );

  test('is named by the hash of all its maps', () => {
    const canonical = canonicalize({ wechat: wechat.apis, apple: apple.apis })!;
    expect(CATALOGUE_HASH).toBe(createHash('sha256').update(canonical).digest('hex'));
    expect(CATALOGUE.size).toBe(Object.keys(wechat.apis).length + Object.keys(apple.apis).length);
  });
});

test('every privacy key of a WeChat manifest has its category, those of extended services too', () => {
  expect(WECHAT_PRIVACY_KEYS.size).toBe(28);
  const keys = [
    'BlueTooth',
    'Contact',
    'ChooseLocation',
    'EXIDNumber',
    'EXOrderInfo',
    'EXUserPublishContent',
    'EXUserFollowAcct',
    'EXUserOpLog',
  ];
  expect(keys.map((key) => WECHAT_PRIVACY_KEYS.get(key))).toEqual([
    'bluetooth',
    'contacts_write',
    'location_coarse',
    'identity_document',
    'order_history',
    'published_content',
    'social_graph',
    'activity_log',
  ]);
});

test('what app.json and static analysis name is in the catalogue', () => {
  for (const api of [...WECHAT_REQUIRED_PRIVATE_INFOS, ...WECHAT_CODE_NAMES.values()]) expect(CATALOGUE.has(api)).toBe(true);
  for (const key of WECHAT_ALSO_COVERED.keys()) expect(WECHAT_PRIVACY_KEYS.has(key)).toBe(true);
});

test('old App Privacy Reports name permissions and streams instead of categories', () => {
  expect(APPLE_TCC_SERVICES.get('kTCCServiceAddressBook')).toBe('contacts');
  expect(APPLE_TCC_SERVICES.get('kTCCServicePhotosAdd')).toBe('photos_write');
  expect(APPLE_TCC_SERVICES.has('kTCCServiceSiri')).toBe(false);
  expect(APPLE_STREAMS.get('com.apple.privacy.accounting.stream.location')).toBe('location');
});
