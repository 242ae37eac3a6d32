/** Calls that static analysis found in a program's code, to host APIs of the catalogue. */
import { CATALOGUE, WECHAT_CODE_NAMES } from '../../../schemas/catalogue/index.ts';
import { UNCHECKED_CATEGORIES } from '../../../schemas/codes.ts';
import { type Fields, type FoundCall, isFields, type NoteOdd } from './manifest.ts';

const UNCHECKED: ReadonlySet<string> = new Set(UNCHECKED_CATEGORIES);
/** How code names what is no function of `wx`: `<camera>`, `open-type:getPhoneNumber`, `input:nickname`. */
const OTHER_KINDS: readonly (readonly [RegExp, string])[] = [
  [/^<(.+)>$/, 'component.'],
  [/^open-type:(.+)$/, 'button.'],
  [/^input:(.+)$/, 'input.'],
];

/** Null for a line that says nothing about code. Calls that hand over no personal data (`login`) are left out. */
export function readCodeCalls(value: Fields, odd: NoteOdd): readonly FoundCall[] | null {
  const { calledApis: own, thirdPartyDirApis: bundled } = value;
  if (own === undefined && bundled === undefined) return null;
  const calls = new Map<string, FoundCall>();
  for (const [names, isBundled] of [
    [namesOf(own, odd), false],
    [namesOf(bundled, odd), true],
  ] as const) {
    for (const name of names) {
      const api = apiOf(name);
      const category = CATALOGUE.get(api);
      if (category !== undefined && !UNCHECKED.has(category) && !calls.has(api)) calls.set(api, { api, category, isBundled });
    }
  }
  return [...calls.values()];
}

/** A list of names, or a mapping from them to how often each was found. */
function namesOf(value: unknown, odd: NoteOdd): string[] {
  if (value === undefined || value === null) return [];
  if (isFields(value)) return Object.keys(value);
  const members: readonly unknown[] = Array.isArray(value) ? value : [value];
  return members.flatMap((name) => {
    if (Array.isArray(value) && typeof name === 'string') return name;
    odd('unread_member');
    return [];
  });
}

function apiOf(name: string): string {
  const alias = WECHAT_CODE_NAMES.get(name);
  if (alias !== undefined) return alias;
  for (const [shape, prefix] of OTHER_KINDS) {
    const inner = shape.exec(name)?.[1];
    if (inner !== undefined) return `${prefix}${inner}`;
  }
  return CATALOGUE.has(name) ? name : `wx.${name}`;
}
