/** Values as no well-behaved host would write them, and yet as RFC 8259 and RFC 3339 allow. */
import type { Random } from './random.ts';

type Style = {
  readonly random: Random;
  readonly spaces: 'none' | 'python' | 'wild';
  readonly escapes: 'none' | 'non-ascii' | 'wild';
  readonly isShuffled: boolean;
  readonly hasRepeatedNames: boolean;
  readonly hasOddNumbers: boolean;
};

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function unicodeEscape(unit: string, random: Random): string {
  const hex = unit.charCodeAt(0).toString(16).padStart(4, '0');
  return `\\u${random.chance(0.5) ? hex : hex.toUpperCase()}`;
}

function stringText(value: string, { random, escapes }: Style): string {
  let written = '';
  // By code unit, so that a character beyond the basic plane becomes a pair of escapes.
  for (let index = 0; index < value.length; index += 1) {
    const unit = value[index]!;
    const code = unit.charCodeAt(0);
    const mustEscape = code < 0x20 || unit === '"' || unit === '\\';
    const isPair = code >= 0xd800 && code <= 0xdbff;
    if (escapes === 'wild' && !isPair && !(code >= 0xdc00 && code <= 0xdfff) && random.chance(0.2)) {
      written += unit === '/' ? '\\/' : unicodeEscape(unit, random);
    } else if (mustEscape) written += SHORT_ESCAPES[unit] ?? unicodeEscape(unit, random);
    else if (escapes === 'non-ascii' && code > 0x7e) written += unicodeEscape(unit, random);
    else written += unit;
  }
  return `"${written}"`;
}

function numberText(value: number, { random, hasOddNumbers }: Style): string {
  // More than a double holds, and yet RFC 8259.
  if (value === Infinity) return '1e400';
  if (!hasOddNumbers || !Number.isInteger(value) || Math.abs(value) > 1e6) return Object.is(value, -0) ? '-0' : String(value);
  if (value === 0) return random.pick(['0', '-0', '0.0', '-0.0', '0e5', '0E-7', '-0e+0']);
  return random.pick([
    `${value}`,
    `${value}.0`,
    `${value}e0`,
    `${value}E+0`,
    `${value}.000e00`,
    `${value * 10}e-1`,
    `${value / 100}e2`,
  ]);
}

function space({ random, spaces }: Style): string {
  if (spaces !== 'wild' || random.chance(0.6)) return '';
  return random.pick([' ', '\t', '  ', ' \t ', '\r', ' \r ']);
}

function objectText(value: object, style: Style): string {
  const { random } = style;
  let members = Object.entries(value).filter(([, member]) => member !== undefined);
  if (style.isShuffled) members = random.shuffled(members);
  const written = members.map(([name, member]) => `${stringText(name, style)}${colon(style)}${valueText(member, style)}`);
  if (style.hasRepeatedNames && members.length > 0 && random.chance(0.5)) {
    // The one that stands first does not count.
    const lie = random.pick<unknown>([null, 5, 'a', [], {}, { version: 7 }, false]);
    written.unshift(`${stringText(random.pick(members)[0], style)}${colon(style)}${valueText(lie, style)}`);
  }
  return `{${space(style)}${written.join(comma(style))}${space(style)}}`;
}

const comma = (style: Style): string => (style.spaces === 'python' ? ', ' : `${space(style)},${space(style)}`);
const colon = (style: Style): string => (style.spaces === 'python' ? ' : ' : `${space(style)}:${space(style)}`);

function valueText(value: unknown, style: Style): string {
  if (typeof value === 'string') return stringText(value, style);
  if (typeof value === 'number') return numberText(value, style);
  if (Array.isArray(value)) {
    return `[${space(style)}${value.map((each) => valueText(each, style)).join(comma(style))}${space(style)}]`;
  }
  return typeof value === 'object' && value !== null ? objectText(value, style) : JSON.stringify(value);
}

/** JSON text of one line. `JSON.parse` gives `value` back, but for -0 where 0 was. */
export function hostileJson(value: unknown, random: Random): string {
  const isPlain = random.chance(0.4);
  if (isPlain) return JSON.stringify(value);
  return valueText(value, {
    random,
    spaces: random.pick(['none', 'none', 'python', 'wild']),
    escapes: random.pick(['none', 'non-ascii', 'wild']),
    isShuffled: random.chance(0.5),
    hasRepeatedNames: random.chance(0.1),
    hasOddNumbers: random.chance(0.4),
  });
}

/** Minutes east of Greenwich; text where there is more than one way to write it. */
const OFFSETS: readonly (readonly [minutes: number, text: string])[] = [
  [0, 'Z'],
  [0, 'z'],
  [0, '+00:00'],
  [0, '-00:00'],
  [480, '+08:00'],
  [840, '+14:00'],
  [-720, '-12:00'],
  [345, '+05:45'],
  [-330, '-05:30'],
  [1439, '+23:59'],
  [-1439, '-23:59'],
];

/** RFC 3339 text that means exactly this moment: offsets, either case, digits beyond microseconds, a second 60. */
export function hostileTime(micros: bigint, random: Random): string {
  const [minutes, offset] = random.chance(0.4) ? OFFSETS[0]! : random.pick(OFFSETS);
  const localMs = Number(micros / 1000n) + minutes * 60_000;
  const fraction = (micros % 1_000_000n).toString().padStart(6, '0');
  const isLeap = fraction === '000000' && localMs % 60_000 === 0 && random.chance(0.7);
  const iso = new Date(isLeap ? localMs - 60_000 : localMs).toISOString();
  const seconds = isLeap ? '60' : iso.slice(17, 19);
  const short = fraction.replace(/0+$/, '');
  let digits = random.pick([fraction, fraction, short, fraction + random.pick(['9', '0', '4999999', '999999999999'])]);
  // Whether second 60 has fractions of its own is nowhere said.
  if (isLeap) digits = random.pick(['', '0', '000000000']);
  return `${iso.slice(0, 10)}${random.chance(0.1) ? 't' : 'T'}${iso.slice(11, 17)}${seconds}${digits === '' ? '' : `.${digits}`}${offset}`;
}
