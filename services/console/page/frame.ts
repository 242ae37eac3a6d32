/** What all pages of the running system have around them: head, way to the other pages, foot. */
import type { AboutSystem } from '../console-source.ts';
import { html, type Html } from '../html.ts';

const PAGES = [
  ['live', '/', 'Live'],
  ['alarms', '/alarms', 'Alarms'],
  ['programs', '/programs', 'Programs'],
  ['report', '/report', 'Report'],
  ['guides', '/guides', 'Guides'],
  ['metrics', '/metrics', 'Metrics'],
] as const;

export const SIMULATED_NOTICE: Readonly<Record<AboutSystem['simulated'], Html | null>> = {
  now: html`<p class="notice"><strong>Simulated.</strong> Programs, users and accesses on this page are made up. The rules, verdicts and figures are real.</p>`,
  earlier: html`<p class="notice"><strong>Partly simulated.</strong> This data has records that the simulator made up; they count in every figure. For hosts of your own start with another folder: <code>--data ./mine</code>.</p>`,
  never: null,
};

/** @param more stands at the end of the head */
export function top(current: (typeof PAGES)[number][0] | null, more: Html | null): Html {
  return html`<a class="skip" href="#main">To the content</a>
<header class="top">
<p class="brand"><img src="/icon.svg" alt="" width="22" height="22">Need to Know</p>
<nav aria-label="Pages"><ul>
${PAGES.map(([id, href, text]) => (id === current ? html`<li><a href="${href}" aria-current="page">${text}</a></li>\n` : html`<li><a href="${href}">${text}</a></li>\n`))}</ul></nav>
${more}
</header>`;
}

/** @param head stands in the head of the document */
export function framed(title: string, head: Html | null, body: Html): string {
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/console.css">
${head}
</head>
<body>
${body}
</body>
</html>
`.markup;
}
