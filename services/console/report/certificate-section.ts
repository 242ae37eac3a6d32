/** What the figures rest on: ranges of the log with their chained hashes, how complete they are, and the policies that judged. */
import type { InterceptionReport } from '../../../schemas/report/interceptions.ts';
import { CERTIFIED_POLICIES_MAX, type ReportCertificate } from '../../domain/report/certificate.ts';
import { html, type Html } from '../html.ts';
import { moment, number } from './figures.ts';
import { areOf, counted, thingOf, wereOf } from '../../domain/wording/counted.ts';

export function certificateSection(report: InterceptionReport, certificate: ReportCertificate): Html {
  const { quality } = report;
  const facts: readonly (readonly [string, string])[] = [
    ['Log', certificate.logId],
    ['As of', moment(report.asOf)],
    ['Engine', certificate.engines.length === 0 ? 'nothing was judged yet' : `version ${certificate.engines.join(', ')}`],
    ['Records read', number(quality.recordsRead)],
    ['Duplicates recognised', number(quality.duplicates)],
    ['Records that could not be read', number(quality.rejected)],
    ['Rows stored', number(quality.rowsStored)],
    ['Records not stored yet', number(quality.unwritten)],
  ];
  return html`<section aria-labelledby="certificate">
<h2 id="certificate">What the figures rest on</h2>
${completeness(report)}
${settlement(report)}
<section class="scroll" tabindex="0" aria-label="Records of the log">
<table>
<caption>Records of the whole log</caption>
<tbody>
${facts.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>\n`)}</tbody>
</table>
</section>
${partitions(certificate)}
${policies(report, certificate)}
<p>Whoever has the log can prove every figure: <code>ntk verify</code> judges it again and compares each stored row and each entry of the ledger with what comes out. The hashes above are SHA-256, each computed over the one before, so that a row that is changed, missing or added changes all hashes behind it.</p>
</section>`;
}

function completeness({ quality }: InterceptionReport): Html {
  if (quality.complete)
    return html`<p><strong>Complete.</strong> Every record of the log up to the places below is judged and stored, and none was given up as lost.</p>`;
  const { gaps = [], unwritten } = quality;
  const reasons = [
    unwritten > 0 &&
      html`<p class="note bad"><strong>Not complete.</strong> ${counted(unwritten, 'record')} of the log ${areOf(unwritten)} not stored yet.</p>`,
    gaps.map(
      ({ partition, from, to, acceptedAt, by, reason, arrivedAfter, arrivedBefore }) =>
        html`<p class="note bad"><strong>Not complete.</strong> Partition ${partition}, places ${number(from)} to ${number(to)}: these records were lost and accepted as lost by ${by} at ${moment(acceptedAt)}${reason !== '' && html` (“${reason}”)`}. They arrived after ${arrivedAfter === null ? 'the beginning' : moment(arrivedAfter)} and before ${arrivedBefore === null ? 'now' : moment(arrivedBefore)}.</p>`,
    ),
    unwritten === 0 &&
      gaps.length === 0 &&
      html`<p class="note bad"><strong>Not complete.</strong> Rows or entries of the ledger are missing, or there are more than the log gives: <code>ntk verify</code> says which.</p>`,
  ];
  return html`${reasons}`;
}

function settlement({ settled }: InterceptionReport): Html {
  return settled
    ? html`<p><strong>Settled.</strong> The period ended more than seven days ago, so that nothing can arrive for it any more, or the log holds history alone.</p>`
    : html`<p><strong>Preliminary.</strong> Accesses of this period may still arrive; the figures can grow until seven days after its end.</p>`;
}

function partitions({ partitions: rows }: ReportCertificate): Html | null {
  if (rows.length === 0) return null;
  return html`<section class="scroll" tabindex="0" aria-label="Ranges of the log">
<table>
<caption>Ranges of the log, with the hashes chained over their rows and over their ledger entries</caption>
<thead><tr><th scope="col">Partition</th><th scope="col">Places</th><th scope="col" class="n">Entries</th><th scope="col" class="n">Accesses</th><th scope="col">Hash of the last row, of the last entry</th></tr></thead>
<tbody>
${rows.map(
  ({ partition, first, next, blocks, gaps, accesses, rowsHash, entryHash }) =>
    html`<tr><th scope="row">${partition}</th><td class="places">${number(first)} up to ${number(next)}</td><td class="n">${number(blocks)}${gaps > 0 && html` + ${number(gaps)} lost`}</td><td class="n">${number(accesses)}</td><td><code class="hash">${rowsHash}</code><code class="hash">${entryHash}</code></td></tr>\n`,
)}</tbody>
</table>
</section>`;
}

function policies({ accesses: all }: InterceptionReport, { policies: rows }: ReportCertificate): Html | null {
  if (rows.length === 0) return null;
  const others = rows.length < CERTIFIED_POLICIES_MAX ? 0 : all - rows.reduce((sum, { accesses }) => sum + accesses, 0);
  return html`<section class="scroll" tabindex="0" aria-label="Policies">
<table>
<caption>Policies that judged these accesses</caption>
<thead><tr><th scope="col">Policy</th><th scope="col">Published</th><th scope="col">Judged accesses that arrived</th><th scope="col" class="n">Accesses</th></tr></thead>
<tbody>
${rows.map(
  ({ hash, published, accesses, firstArrival, lastArrival }) =>
    html`<tr><th scope="row"><code>${hash}</code>${published !== null && html`<span class="why">${published.version}</span>`}</th><td>${published === null ? 'the log at hand does not say' : html`${moment(published.at)}${published.by !== '' && html`<span class="why">by ${published.by}</span>`}`}</td><td>${moment(firstArrival)}<span class="why">to ${moment(lastArrival)}</span></td><td class="n">${number(accesses)}</td></tr>\n`,
)}</tbody>
</table>
${others > 0 && html`<p>${number(others)} more ${thingOf(others, 'access')} ${wereOf(others)} judged by policies that came after these ${rows.length}.</p>`}
</section>`;
}
