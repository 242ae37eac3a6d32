/** The live page as it comes from the server: everything but the figures, which console.mjs puts in. */
import { createHash } from 'node:crypto';
import type { AboutSystem } from '../console-source.ts';
import { html, type Html } from '../html.ts';
import type { Guide } from '../http/guides.ts';
import { framed, SIMULATED_NOTICE, top } from './frame.ts';

const KEY_DIGITS = 16;

/** What a page was made for. Figures of another system would stand under the name of this one, and made-up ones without the notice. */
export function pageKey({ version, logId, simulated, dataIn }: AboutSystem): string {
  return createHash('sha256')
    .update(JSON.stringify([version, logId, simulated, dataIn]))
    .digest('hex')
    .slice(0, KEY_DIGITS);
}

export function consolePage(about: AboutSystem): string {
  return framed(
    'Need to Know',
    html`<script type="module" src="/console.mjs"></script>`,
    html`${top(
      'live',
      html`<p class="state" role="status" id="state" data-is="waiting"><span class="dot" aria-hidden="true"></span><span id="state-text">Connecting</span></p>
<p class="at" id="state-time"></p>
<button type="button" class="quiet" id="pause" aria-pressed="false">Pause</button>`,
    )}
<main id="main" data-made-for="${pageKey(about)}">
<noscript><p class="notice">This page moves by itself only with scripts switched on. <a href="/report">The report</a> says the same without.</p></noscript>
${SIMULATED_NOTICE[about.simulated]}
<p class="notice is-bad" id="trouble" hidden></p>
${headline}
${now}
<div class="columns">
${newest}
<div class="side">
${breakdown('by-reason', 'By reason', 'Reason')}
${breakdown('by-category', 'By kind of data', 'Kind of data')}
${breakdown('by-program', 'Programs with the most attempts', 'Program', ['Attempts'])}
</div>
</div>
</main>
${foot(about)}`,
  );
}

const headline = html`<section class="head" aria-labelledby="headline">
<h1 id="headline"><span class="figure" id="attempts">–</span> <span id="attempts-word">attempts</span> intercepted, by <span class="figure" id="programs">–</span> <span id="programs-word">programs</span></h1>
<p class="soft" id="of">of all accesses in the log</p>
<dl class="parts">
<div><dt>Prevented</dt><dd id="prevented">–</dd><dd class="sub">nothing was handed out</dd></div>
<div><dt>Already refused</dt><dd id="already-refused">–</dd><dd class="sub">the host or the user had said no</dd></div>
<div><dt>Late</dt><dd id="late">–</dd><dd class="sub">handed out before the verdict</dd></div>
<div><dt>Would have been</dt><dd id="would">–</dd><dd class="sub">under a stricter mode</dd></div>
</dl>
</section>`;

const now = html`<section class="now" aria-labelledby="now">
<h2 id="now">Now</h2>
<dl class="vitals">
<div class="wide"><dt>Accesses a second</dt><dd id="rate">–</dd><dd class="spark"><svg id="spark" viewBox="0 0 300 48" preserveAspectRatio="none" role="img" aria-label="Accesses in each of the last 60 seconds"><path class="area" id="spark-area" d=""/><path class="line" id="spark-line" d=""/></svg></dd></div>
<div><dt>Intercepted</dt><dd id="share-intercept">–</dd><dd class="sub" id="count-intercept">last minute</dd></div>
<div><dt>Flagged</dt><dd id="share-flag">–</dd><dd class="sub" id="count-flag">last minute</dd></div>
<div><dt>Slowed down</dt><dd id="share-throttle">–</dd><dd class="sub" id="count-throttle">last minute</dd></div>
<div><dt>Time to a verdict</dt><dd id="median">–</dd><dd class="sub" id="p99">half of them, last minute</dd></div>
<div><dt>Waiting</dt><dd id="waiting">–</dd><dd class="sub">records to judge</dd></div>
</dl>
</section>`;

const newest = html`<section class="newest" aria-labelledby="newest-title">
<div class="row"><h2 id="newest-title">Newest interceptions</h2><button type="button" class="quiet" id="newer" hidden>Show newer</button></div>
<p class="soft" id="newest-empty">None yet.</p>
<ol id="newest"></ol>
</section>`;

function breakdown(id: string, title: string, column: string, counts: readonly string[] = ['Attempts', 'Programs']): Html {
  return html`<section aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
<table class="bars" id="${id}">
<thead><tr><th scope="col">${column}</th>${counts.map((count) => html`<th scope="col" class="n">${count}</th>`)}</tr></thead>
<tbody><tr><td colspan="${counts.length + 1}" class="soft">None yet.</td></tr></tbody>
</table>
</section>`;
}

/** The addresses of all guides, for people who have the page and not the repository. */
export function guidesPage(guides: readonly Guide[]): string {
  return framed(
    'Guides',
    null,
    html`${top('guides', null)}
<main id="main" class="narrow">
<h1>Guides</h1>
${guides.length === 0 && html`<p>They are in the folder docs of the repository.</p>`}
<ul class="guides">
${guides.map(({ name, title }) => html`<li><a href="/guides/${name}">${title}</a></li>\n`)}</ul>
</main>`,
  );
}

function foot({ version, logId, dataIn }: AboutSystem): Html {
  return html`<footer>
<dl>
<div><dt>Policy</dt><dd id="policy">–</dd></div>
<div><dt>Log</dt><dd><code>${logId}</code></dd></div>
<div><dt>Data</dt><dd>${dataIn}</dd></div>
<div><dt>Version</dt><dd>${version}</dd></div>
<div><dt>Health</dt><dd><a href="/health">/health</a></dd></div>
</dl>
</footer>`;
}
