/** One access with every check, to link to from a letter to a developer or a ticket. Without the user. */
import type { CheckExplanation } from '../../domain/wording/explain-checks.ts';
import type { AboutSystem, OpenedAccess } from '../console-source.ts';
import { html } from '../html.ts';
import { framed, SIMULATED_NOTICE, top } from '../page/frame.ts';
import { BECAME, programLink } from './parts.ts';

const MARKS: Readonly<Record<CheckExplanation['status'], readonly [mark: string, word: string]>> = {
  found: ['!', 'Found'],
  passed: ['✓', 'Passed'],
  skipped: ['–', 'Not asked'],
};

export function accessPage(
  about: AboutSystem,
  { told, programId, verdict, proposed, checks, facts, command }: OpenedAccess,
): string {
  const { id, did, reasons, remedy, became } = told;
  return framed(
    `Access ${id}`,
    null,
    html`${top(null, null)}
<main id="main" class="reading">
${SIMULATED_NOTICE[about.simulated]}
<h1>${programLink(programId)} ${did}</h1>
<div class="row"><p class="soft">Access ${id}; verdict in effect: ${verdict}</p>${proposed === 'intercept' && html`<span class="tag" data-is="${became}">${BECAME[became]}</span>`}</div>
${reasons.length > 0 && html`<h2>Why</h2>\n${reasons.map(({ title, sentence }) => html`<p><strong>${title}.</strong> ${sentence}</p>\n`)}`}
${remedy !== '' && html`<h2>What the developer can do</h2>\n<p class="remedy">${remedy}</p>`}
<h2>Every check</h2>
<ol class="checks">
${checks.map(({ name, status, text }) => html`<li data-is="${status}"><span class="mark"><span aria-hidden="true">${MARKS[status][0]}</span><span class="unseen">${MARKS[status][1]}: </span></span><span class="name">${name}</span><span class="text">${text}</span></li>\n`)}</ol>
<h2>Which access</h2>
<dl class="facts">
${facts.map(({ name, value }) => html`<div><dt>${name}</dt><dd>${value}</dd></div>\n`)}</dl>
<h2>Proof</h2>
<p>Judged from the log, and provable from it: <code>${command}</code></p>
</main>`,
  );
}
