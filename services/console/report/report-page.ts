/**
 * The interception report as one HTML file that can leave the house: no script, nothing from elsewhere, every name escaped. It says
 * what it counts and how, and ends with what its figures rest on, so that somebody who was not there can ask the right questions.
 */
import type { InterceptionReport } from '../../../schemas/report/interceptions.ts';
import type { ReportCertificate } from '../../domain/report/certificate.ts';
import { categoryInWords } from '../../domain/wording/categories.ts';
import { reasonInWords } from '../../domain/wording/reasons.ts';
import { html, Html, type HtmlValue } from '../html.ts';
import { certificateSection } from './certificate-section.ts';
import { beforeTheChart, rowBar, timelineChart } from './charts.ts';
import { DEFINITIONS, METHOD } from './definitions.ts';
import { instant, moment, number } from './figures.ts';
import { REPORT_STYLE } from './report-style.ts';
import { areOf, counted, wereOf } from '../../domain/wording/counted.ts';

interface ReportPageParts {
  readonly report: InterceptionReport;
  readonly certificate: ReportCertificate;
  /** Of the program that made it, as `ntk --version` says. */
  readonly version: string;
}

export function reportPage({ report, certificate, version }: ReportPageParts): string {
  const { intercepted } = report;
  const title = `Interception report: ${counted(intercepted.attempts, 'attempt')} by ${counted(intercepted.programs, 'program')}`;
  const page = html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${new Html(REPORT_STYLE)}</style>
</head>
<body>
<main>
${opening(report, certificate)}
${breakdowns(report)}
<section aria-labelledby="definitions">
<h2 id="definitions">What the words mean</h2>
<dl class="terms">
${DEFINITIONS.map(([term, meaning]) => html`<div><dt>${term}</dt><dd>${meaning}</dd></div>\n`)}</dl>
</section>
<section aria-labelledby="method">
<h2 id="method">How it was counted</h2>
${METHOD.map((paragraph) => html`<p>${paragraph}</p>\n`)}</section>
${certificateSection(report, certificate)}
<footer>Made by Need to Know ${version} at ${moment(report.asOf)} from log <code>${certificate.logId}</code>.</footer>
</main>
</body>
</html>
`;
  return page.markup;
}

function opening(report: InterceptionReport, certificate: ReportCertificate): Html {
  const { intercepted, wouldHaveBeenIntercepted: would, quality } = report;
  const chart = timelineChart(certificate.timeline);
  const undrawn = beforeTheChart(certificate.timeline);
  return html`<header>
<h1>Interception report</h1>
<p class="meta">${period(report, certificate)}</p>
<p class="headline">${counted(intercepted.attempts, 'attempt')} intercepted, by ${counted(intercepted.programs, 'program')}</p>
<p class="lead">of ${counted(report.accesses, 'access')} to users’ data that ${wereOf(report.accesses)} judged.</p>
<ul class="badges">
<li class="badge ${report.settled ? 'good' : 'warn'}">${report.settled ? 'Settled' : 'Preliminary'}</li>
<li class="badge ${quality.complete ? 'good' : 'bad'}">${quality.complete ? 'Complete' : 'Not complete'}</li>
</ul>
${certificate.simulated > 0 && html`<p class="made-up"><strong>Made up.</strong> ${number(certificate.simulated)} of these accesses ${areOf(certificate.simulated)} the simulator’s: no program did them and no user is concerned.</p>`}
</header>
<dl class="figures">
<div><dt>Prevented</dt><dd>${number(intercepted.prevented)}</dd></div>
<div><dt>Already refused</dt><dd>${number(intercepted.alreadyRefused)}</dd></div>
<div><dt>Late</dt><dd>${number(intercepted.late)}</dd></div>
<div><dt>Users concerned</dt><dd>${number(intercepted.users)}</dd></div>
<div><dt>Would have been intercepted</dt><dd>${number(would.attempts)}</dd></div>
</dl>
${
  chart !== null &&
  html`<figure>
<figcaption>By ${certificate.timeline.period} (UTC). <span class="key"></span>Intercepted${would.attempts > 0 && html`<span class="key would"></span>Would have been`}${undrawn.attempts > 0 && html` ${counted(undrawn.attempts, 'attempt')} before ${undrawn.before} counted, and not drawn here.`}</figcaption>
${chart}
</figure>`
}`;
}

function breakdowns({ byReason, byCategory, byClass, topPrograms }: InterceptionReport): Html {
  const highest = Math.max(0, ...byCategory.map((row) => row.attempts));
  const figures = (row: { attempts: number; programs: number }): HtmlValue[] => [cell(row.attempts), cell(row.programs)];
  return html`<section aria-labelledby="figures">
<h2 id="figures">Intercepted attempts</h2>
${table(
  'By reason',
  ['Reason', 'Attempts', 'Programs'],
  byReason.map((row) => {
    const { title, sentence } = reasonInWords(row.reason);
    const name = html`${title} <code class="code">${row.reason}</code><span class="why">${sentence}</span>`;
    return html`<tr><th scope="row">${name}</th>${figures(row)}</tr>\n`;
  }),
  'An attempt that was intercepted for several reasons stands under each of them.',
)}
${table(
  'By kind of data',
  ['Kind of data', '', 'Attempts', 'Programs'],
  byCategory.map(
    (row) =>
      html`<tr><th scope="row">${categoryInWords(row.category)}</th><td>${rowBar(row.attempts, highest)}</td>${figures(row)}</tr>\n`,
  ),
)}
${table(
  'By class of program',
  ['Class', 'Attempts', 'Programs'],
  byClass.map((row) => html`<tr><th scope="row">${row.class}</th>${figures(row)}</tr>\n`),
)}
${table(
  'Programs with the most attempts',
  ['Program', 'Attempts'],
  topPrograms.map((row) => html`<tr><th scope="row">${row.program}</th>${cell(row.attempts)}</tr>\n`),
)}
</section>`;
}

/** Columns of counts stand on the right. */
const COUNTED = new Set(['Attempts', 'Programs']);

function table(caption: string, head: readonly string[], rows: readonly Html[], note = ''): Html {
  if (rows.length === 0) return html`<h3>${caption}</h3>\n<p class="none">None.</p>`;
  const columns = head.map((name) =>
    name === '' ? html`<td></td>` : html`<th scope="col"${new Html(COUNTED.has(name) ? ' class="n"' : '')}>${name}</th>`,
  );
  return html`<table>
<caption>${caption}${note !== '' && html`<span class="why">${note}</span>`}</caption>
<thead><tr>${columns}</tr></thead>
<tbody>
${rows}</tbody>
</table>`;
}

function cell(count: number): Html {
  return html`<td class="n">${number(count)}</td>`;
}

/** What was asked for; without bounds, what the log holds. */
function period({ from, to }: InterceptionReport, { span }: ReportCertificate): string {
  const isFromStart = from.startsWith('1970-01-01T00:00:00');
  const isToEnd = Number(to.slice(0, 4)) >= 2255;
  if (!isFromStart && !isToEnd) return `Accesses from ${moment(from)} up to ${moment(to)}`;
  const seen = span === null ? '' : `, which is from ${instant(span.firstMs)} to ${instant(span.lastMs)}`;
  if (isFromStart && isToEnd) return `All accesses in the log${seen}`;
  return isFromStart ? `All accesses up to ${moment(to)}` : `All accesses from ${moment(from)} on`;
}
