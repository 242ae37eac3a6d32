/** What every answer of the pages says to the browser: nothing from elsewhere, nothing inline, in nobody's frame, kept by nobody. */
import { createHash } from 'node:crypto';
import { REPORT_STYLE } from '../report/report-style.ts';

const STYLE_HASH = createHash('sha256').update(REPORT_STYLE, 'utf8').digest('base64');

const SAFE = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-frame-options': 'DENY',
  'cache-control': 'no-store',
} as const;

const NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The live page: its own script and style sheet, and asking the same server. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  ...SAFE,
  'content-security-policy': `${NOTHING}; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'`,
};

/** A page with a form for us. With no referrer at all a browser would not say that it is ours which sends it. */
export const FORM_HEADERS: Readonly<Record<string, string>> = {
  ...SAFE,
  'referrer-policy': 'same-origin',
  'content-security-policy': `${NOTHING.replace("form-action 'none'", "form-action 'self'")}; style-src 'self'; img-src 'self'`,
};

/** The report: the one style sheet that stands in it, known by its hash. */
export const REPORT_HEADERS: Readonly<Record<string, string>> = {
  ...SAFE,
  'content-security-policy': `${NOTHING}; style-src 'sha256-${STYLE_HASH}'`,
};

/** Everything else. */
export const DATA_HEADERS: Readonly<Record<string, string>> = { ...SAFE, 'content-security-policy': NOTHING };
