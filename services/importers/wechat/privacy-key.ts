/** `privacy_key` of a manifest as it is found in the wild, to the key that was meant. */
import { WECHAT_PRIVACY_KEYS } from '../../../schemas/catalogue/index.ts';

/** Shorter keys are too near to one another and to ordinary words to be mended by a letter. */
const MENDED_UNITS_MIN = 8;
const BY_LOWER_CASE: ReadonlyMap<string, string> = new Map(
  [...WECHAT_PRIVACY_KEYS.keys()].map((key) => [key.toLowerCase(), key]),
);

interface ReadKey {
  /** As the platform spells it, or without its white space as it was found. */
  readonly key: string;
  readonly isKnown: boolean;
  readonly isRepaired: boolean;
}

/**
 * White space anywhere and differences of case are mended, and in long keys a single letter that is missing, added or another one
 * (`EXUserPublishConten`). Anything further away is a key that we do not know: guessing would declare what nobody declared.
 */
export function readPrivacyKey(found: string): ReadKey {
  const bare = found.replaceAll(/[\s\p{Cc}\p{Cf}]+/gu, '');
  const known = WECHAT_PRIVACY_KEYS.has(bare) ? bare : (BY_LOWER_CASE.get(bare.toLowerCase()) ?? oneLetterFrom(bare));
  const key = known ?? bare;
  return { key, isKnown: known !== undefined, isRepaired: known !== undefined && key !== found };
}

/** The one known key that a single letter separates from `bare`; undefined when there is none or more than one. */
function oneLetterFrom(bare: string): string | undefined {
  const near = [...WECHAT_PRIVACY_KEYS.keys()].filter(
    (key) => key.length >= MENDED_UNITS_MIN && Math.abs(key.length - bare.length) <= 1 && differsByOne(key, bare),
  );
  return near.length === 1 ? near[0] : undefined;
}

function differsByOne(a: string, b: string): boolean {
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  return a.length - start - end <= 1 && b.length - start - end <= 1;
}
