/** The platform's answer to `getprivacysetting`: `setting_list` is declared, `privacy_list` was detected in the uploaded code. */
import { WECHAT_ALSO_COVERED, WECHAT_PRIVACY_KEYS } from '../../../schemas/catalogue/index.ts';
import { type Fields, isFields, type ManifestPurpose, type NoteOdd, textOf } from './manifest.ts';
import { readPrivacyKey } from './privacy-key.ts';

export interface PrivacyAnswer {
  readonly purposes: readonly ManifestPurpose[];
  /** Null: no code was uploaded, or the answer does not say. */
  readonly detected: readonly string[] | null;
  /** Seconds since 1970; null when the answer has none. */
  readonly updatedSeconds: number | null;
}

/** Last second that RFC 3339 times may have here (2255). */
const SECONDS_MAX = 8_993_721_599;

/** Null for what is no such answer: an error of the platform, or lists that are none. */
export function readPrivacyAnswer(value: Fields, odd: NoteOdd): PrivacyAnswer | null {
  const { errcode, code_exist: codeExists, update_time: updated } = value;
  const settings = value['setting_list'] ?? [];
  const found = value['privacy_list'] ?? null;
  if ((errcode ?? 0) !== 0 || !Array.isArray(settings) || (found !== null && !Array.isArray(found))) return null;
  const seconds = typeof updated === 'string' && /^\d{1,10}$/.test(updated) ? Number(updated) : updated;
  const isTime = Number.isSafeInteger(seconds) && (seconds as number) > 0 && (seconds as number) <= SECONDS_MAX;
  return {
    purposes: settings.flatMap((setting: unknown) => readSetting(setting, odd) ?? []),
    detected: found === null || codeExists === 0 ? null : found.flatMap((key: unknown) => readDetected(key, odd) ?? []),
    updatedSeconds: isTime ? (seconds as number) : null,
  };
}

function readSetting(setting: unknown, odd: NoteOdd): ManifestPurpose | null {
  const found = isFields(setting) ? textOf(setting['privacy_key']) : null;
  const text = isFields(setting) ? (setting['privacy_text'] ?? '') : '';
  if (found === null || typeof text !== 'string') {
    odd('unread_member');
    return null;
  }
  const key = keyOf(found, odd);
  const categories = [WECHAT_PRIVACY_KEYS.get(key) ?? key, ...(WECHAT_ALSO_COVERED.get(key) ?? [])];
  return { id: key, text, entries: categories.map((category) => ({ category, background: false })) };
}

function readDetected(found: unknown, odd: NoteOdd): string | null {
  const name = textOf(found);
  if (name === null) {
    odd('unread_member');
    return null;
  }
  const key = keyOf(name, odd);
  return WECHAT_PRIVACY_KEYS.get(key) ?? key;
}

/** A key of nothing but white space stays as it is: an id and a category may not be empty. */
function keyOf(found: string, odd: NoteOdd): string {
  const { key, isKnown, isRepaired } = readPrivacyKey(found);
  if (isRepaired) odd('repaired_privacy_key', found);
  else if (!isKnown) odd('unknown_privacy_key', found);
  return key === '' ? found : key;
}
