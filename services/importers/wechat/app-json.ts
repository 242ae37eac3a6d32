/** What an app.json declares: `requiredPrivateInfos` by API, `permission` by scope with its purpose, background modes. */
import { CATALOGUE, WECHAT_REQUIRED_PRIVATE_INFOS, WECHAT_SCOPES } from '../../../schemas/catalogue/index.ts';
import { type Fields, isFields, type ManifestEntry, type ManifestPurpose, type NoteOdd, textOf } from './manifest.ts';

export interface AppJson {
  readonly purposes: readonly ManifestPurpose[];
  /** As the catalogue spells them. */
  readonly requiredApis: ReadonlySet<string>;
  /** The place may be read while the program is not on screen. */
  readonly isInBackground: boolean;
}

const BACKGROUND_SCOPE = 'scope.userLocationBackground';
const BACKGROUND_API = 'wx.startLocationUpdateBackground';
const BACKGROUND_MODES: ReadonlySet<unknown> = new Set(['location', 'startLocationUpdateBackground']);

export function readAppJson(value: Fields, odd: NoteOdd): AppJson {
  const requiredApis = new Set(textsOf(value['requiredPrivateInfos'], odd).map((name) => `wx.${name}`));
  if (requiredApis.has('wx.getFuzzyLocation') && requiredApis.has('wx.getLocation')) odd('fuzzy_and_precise');
  const scopes = scopesOf(value['permission'], odd);
  const isInBackground =
    textsOf(value['requiredBackgroundModes'], odd).some((mode) => BACKGROUND_MODES.has(mode)) ||
    requiredApis.has(BACKGROUND_API) ||
    scopes.some(({ id }) => id === BACKGROUND_SCOPE);
  const apis = [...requiredApis].map((api): ManifestPurpose => {
    const category = WECHAT_REQUIRED_PRIVATE_INFOS.has(api) ? CATALOGUE.get(api) : undefined;
    if (category === undefined) odd('unknown_scope', api);
    return { id: api, text: '', entries: [foreground(category ?? api)] };
  });
  return { purposes: [...scopes, ...apis], requiredApis, isInBackground };
}

function scopesOf(permission: unknown, odd: NoteOdd): ManifestPurpose[] {
  if (permission === undefined || permission === null) return [];
  if (!isFields(permission)) {
    odd('unread_member');
    return [];
  }
  return Object.entries(permission).flatMap(([found, given]): ManifestPurpose[] => {
    const scope = textOf(found.trim());
    if (scope === null) {
      odd('unread_member');
      return [];
    }
    const desc = isFields(given) ? (given['desc'] ?? '') : given;
    // The scope is declared all the same: what it is for cannot be read.
    if (typeof desc !== 'string') odd('unread_member');
    const categories = WECHAT_SCOPES.get(scope);
    if (categories === undefined) odd('unknown_scope', scope);
    return [{ id: scope, text: typeof desc === 'string' ? desc : '', entries: (categories ?? [scope]).map(foreground) }];
  });
}

function foreground(category: string): ManifestEntry {
  return { category, background: false };
}

/** Members of a list of names, without white space around them. */
function textsOf(value: unknown, odd: NoteOdd): string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    odd('unread_member');
    return [];
  }
  return value.flatMap((member: unknown) => {
    const text = typeof member === 'string' ? textOf(member.trim()) : null;
    if (text === null) odd('unread_member');
    return text ?? [];
  });
}
