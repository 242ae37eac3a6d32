/** One access in words, the same for the command line and the pages. Text of others is cut and cannot command a terminal. */
import { APPLE_REPORT_SOURCE } from '../../../schemas/catalogue/index.ts';
import { printable } from '../../../schemas/policy/wording.ts';
import { categoryInWords } from './categories.ts';
import { grouped } from './counted.ts';

export interface AccessToSay {
  readonly program: string;
  readonly api: string;
  readonly category: string;
  readonly purpose: string;
  readonly source: string;
  readonly foreground: boolean;
  readonly outcome: string;
  /** Of an App Privacy Report's `network`: the host that was contacted. */
  readonly fields: readonly string[];
  /** A 64-bit integer comes as text. */
  readonly rows: string;
  /** Milliseconds; 64-bit integers come as text. */
  readonly duration_ms: string;
}

export interface JudgedAccess {
  readonly verdict: string;
  readonly proposed: string;
  readonly reasons: readonly string[];
  readonly effective: readonly string[];
}

const NAME_CHARACTERS_MAX = 80;
const SHORT_CHARACTERS_MAX = 60;

const HOW: Readonly<Record<string, string>> = {
  pending: 'asked to read',
  refused: 'tried to read (the host refused)',
  performed: 'read',
};

/** What happened, in one sentence without a full stop. */
export function whatHappened(access: AccessToSay): string {
  const where = whereInWords(access);
  const how = HOW[access.outcome] ?? 'read';
  const lasted = access.duration_ms === '0' ? '' : ` for ${duration(Number(access.duration_ms))}`;
  const purpose = access.purpose === '' ? 'no purpose named' : `for "${printable(access.purpose, SHORT_CHARACTERS_MAX)}"`;
  const program = printable(access.program, NAME_CHARACTERS_MAX);
  const api = printable(access.api, SHORT_CHARACTERS_MAX);
  if (access.category === 'network' && access.source === APPLE_REPORT_SOURCE)
    return `${program} contacted ${contactedHost(access)}, ${purpose}`;
  return `${program} ${how} ${printable(access.category, SHORT_CHARACTERS_MAX)} by ${api}${where}${lasted}, ${purpose}`;
}

/** An App Privacy Report does not say what was on screen; `foreground` is true there. */
export function saysWhatIsOnScreen(source: string): boolean {
  return source !== APPLE_REPORT_SOURCE;
}

/** With a space before it; empty where nobody knows. */
function whereInWords({ source, foreground }: Pick<AccessToSay, 'source' | 'foreground'>): string {
  if (!foreground) return ' in the background';
  return saysWhatIsOnScreen(source) ? ' on screen' : '';
}

function contactedHost({ fields, rows }: AccessToSay): string {
  const host = fields.length === 1 ? printable(fields[0]!, NAME_CHARACTERS_MAX) : 'domains';
  return rows === '1' ? host : `${host} ${grouped(Number(rows))} times`;
}

export function duration(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${(ms / 60_000).toFixed(1)} min`;
}

export interface AccessToTell extends AccessToSay {
  readonly link_host: string;
}

const TOLD: Readonly<Record<string, string>> = { pending: 'asked for', refused: 'tried to get', performed: 'took' };

/** The same without the words of the contracts, to stand behind the program's name: `asked for location in the background`. */
export function whatItDid(access: AccessToTell): string {
  const where = whereInWords(access);
  const purpose = access.purpose === '' ? '' : `, for “${printable(access.purpose, SHORT_CHARACTERS_MAX)}”`;
  if (access.category === 'navigation') {
    const host = access.link_host === '' ? '' : ` to ${printable(access.link_host, NAME_CHARACTERS_MAX)}`;
    return `${access.outcome === 'performed' ? 'opened' : 'wanted to open'} a link${host}${where}${purpose}`;
  }
  const what = access.category === 'unknown' ? printable(access.api, SHORT_CHARACTERS_MAX) : categoryInWords(access.category);
  return `${TOLD[access.outcome] ?? 'asked for'} ${what}${where}${purpose}`;
}

/** Fine, or what is not and what would be. */
export function howJudged({ verdict, proposed, reasons, effective }: JudgedAccess): string {
  if (reasons.length === 0) return 'Fine: no check found anything.';
  const found = reasons.map((reason, i) => `${printable(reason, SHORT_CHARACTERS_MAX)} (${effective[i] ?? 'allow'})`).join(', ');
  if (verdict === proposed) return `Found: ${found}.`;
  return `Found: ${found}. The policy proposes ${proposed}; its mode leaves ${verdict} in effect.`;
}
