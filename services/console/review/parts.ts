/** What several pages for reviewers show: an alarm, an access, a table. Programs, notes and names in them are words of others. */
import { featureInWords } from '../../domain/wording/baseline-finding.ts';
import { categoryInWords } from '../../domain/wording/categories.ts';
import { counted } from '../../domain/wording/counted.ts';
import { reasonInWords } from '../../domain/wording/reasons.ts';
import { DISPOSITIONS } from '../../../schemas/codes.ts';
import { type PlacedReview, REVIEW_WORDS_CHARS_MAX } from '../../domain/review/conclusions.ts';
import { type Contribution, type Episode, nameOf, topOf } from '../../domain/review/episode.ts';
import type { ToldAlarm } from '../console-source.ts';
import { html, type Html, type HtmlValue } from '../html.ts';
import type { ToldAccess } from '../live/newest-accesses.ts';
import { rowBar } from '../report/charts.ts';
import { instant } from '../report/figures.ts';
import { accessAddress, programAddress } from './addresses.ts';

export const BECAME: Readonly<Record<ToldAccess['became'], string>> = {
  prevented: 'Prevented',
  already_refused: 'Already refused',
  late: 'Late',
  let_pass: 'Let pass',
};

const DISPOSITION: Readonly<Record<PlacedReview['disposition'], string>> = {
  true_positive: 'True alarm',
  false_positive: 'False alarm',
  expected: 'Expected',
};

/** Of one alarm, the latest first; whoever may append can say as many as they like. */
const REVIEWS_SHOWN = 5;

export function programLink(program: string): Html {
  const address = programAddress(program);
  return address === null
    ? html`<span class="program">${program}</span>`
    : html`<a class="program" href="${address}">${program}</a>`;
}

/** @param isProgramNamed on a page of one program it is said once */
export function alarmItem(alarm: ToldAlarm, isProgramNamed: boolean): Html {
  const { episode, reviews, found, command } = alarm;
  const { id, program, className, results, reasons, categories } = episode;
  const [latest] = reviews;
  return html`<li class="card" id="alarm-${id}">
<div class="row">${isProgramNamed ? html`<h2>${programLink(program)} <span class="soft">${className}</span></h2>` : html`<h3>${titles(reasons)}</h3>`}${
    latest === undefined
      ? html`<span class="tag" data-is="let_pass">Not reviewed</span>`
      : html`<span class="tag" data-is="${latest.disposition === 'true_positive' ? 'late' : 'prevented'}">${DISPOSITION[latest.disposition]}</span>`
  }</div>
<p class="soft">${timesInWords(episode)}; ${counted(results, 'result')} for ${categories.map(categoryInWords).join(', ')}</p>
${isProgramNamed && html`<p><strong>${titles(reasons)}</strong></p>`}
${found === '' ? reasons.map((reason) => html`<p>${reasonInWords(reason).sentence}</p>\n`) : html`<p>${found}</p>`}
${contributions(episode.contributions)}
${reviews.slice(0, REVIEWS_SHOWN).map((review) => html`<p class="word">${reviewInWords(review)}</p>\n`)}${reviews.length > REVIEWS_SHOWN && html`<p class="word">And ${counted(reviews.length - REVIEWS_SHOWN, 'earlier review')}.</p>\n`}<p class="soft"><a href="${accessAddress(nameOf(topOf(episode)))}">The result with the highest score</a>, with every check. Look, then conclude:</p>
${concludeForm(id)}
<p class="soft">On the command line: <code>${command}</code></p>
</li>
`;
}

/** Who sends it is asked for a name and the token. The Enter key presses the first button: one that does nothing, for which word is meant is not known. */
function concludeForm(id: string): Html {
  return html`<form class="conclude" action="/alarms/${id}/review" method="post">
<button type="submit" disabled hidden>None</button>
<label for="note-${id}">Why</label>
<input id="note-${id}" name="note" type="text" maxlength="${REVIEW_WORDS_CHARS_MAX}" autocomplete="off">
${DISPOSITIONS.map((disposition) => html`<button type="submit" class="quiet" name="disposition" value="${disposition}">${DISPOSITION[disposition]}</button>\n`)}</form>`;
}

function titles(reasons: readonly string[]): string {
  return reasons.map((reason) => reasonInWords(reason).title).join(', ');
}

function reviewInWords({ disposition, by, note, appendedAtMs }: PlacedReview): string {
  const who = by === '' ? '' : ` by ${by}`;
  return `${DISPOSITION[disposition]}${who}, ${instant(appendedAtMs)}${note === '' ? '' : `: ${note}`}`;
}

function timesInWords({ startMs, lastMs }: Episode): string {
  return startMs === lastMs ? `at ${instant(startMs)}` : `from ${instant(startMs)} to ${instant(lastMs)}`;
}

/** What the score is the sum of. */
function contributions(all: readonly Contribution[]): Html | null {
  const [largest] = all;
  if (largest === undefined) return null;
  return html`<table class="plain">
<thead><tr><th scope="col">The score comes from</th><td></td><th scope="col" class="n">Part</th></tr></thead>
<tbody>
${all.map(({ feature, amount }) => html`<tr><th scope="row">${featureInWords(feature)}</th><td>${rowBar(amount, largest.amount)}</td><td class="n">${amount.toFixed(1)}</td></tr>\n`)}</tbody>
</table>`;
}

export function accessItem({ id, at, did, reasons, remedy, became }: ToldAccess): Html {
  const [first, ...more] = reasons;
  return html`<li class="card"><div class="row"><p><a href="${accessAddress(id)}"><time datetime="${at}">${instant(Date.parse(at))}</time></a> ${did}</p><span class="tag" data-is="${became}">${BECAME[became]}</span></div>
<p class="soft"><span class="title">${first?.title ?? ''}${more.length > 0 && `, and ${more.length} more`}.</span> ${remedy}</p></li>
`;
}

/** A time in a column that says that it is UTC, to the minute. */
export function whenCell(ms: number): Html {
  const time = new Date(ms).toISOString();
  return html`<time class="when" datetime="${time}">${time.slice(0, 16).replace('T', ' ')}</time>`;
}

/** @param name for who does not see it. @param columns those that begin with `#` are of counts and stand on the right */
export function table(name: string, columns: readonly string[], rows: readonly (readonly HtmlValue[])[], none = 'None.'): Html {
  if (rows.length === 0) return html`<p class="soft">${none}</p>`;
  const isCount = columns.map((column) => column.startsWith('#'));
  return html`<div class="scroll" tabindex="0" role="group" aria-label="${name}">
<table class="plain">
<thead><tr>${columns.map((column, i) => (isCount[i] === true ? html`<th scope="col" class="n">${column.slice(1)}</th>` : html`<th scope="col">${column}</th>`))}</tr></thead>
<tbody>
${rows.map((cells) => html`<tr>${cells.map((cell, i) => (i === 0 ? html`<th scope="row">${cell}</th>` : isCount[i] === true ? html`<td class="n">${cell}</td>` : html`<td>${cell}</td>`))}</tr>\n`)}</tbody>
</table>
</div>`;
}
