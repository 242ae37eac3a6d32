/** One program for whoever reviews it: what it declares and what it takes, what was stopped, when it does what, what was unusual. */
import { isPersonal } from '../../domain/checks/judged-category.ts';
import type { CategoryFigures } from '../../domain/report/program-figures.ts';
import { categoryInWords } from '../../domain/wording/categories.ts';
import { counted, grouped } from '../../domain/wording/counted.ts';
import { reasonInWords } from '../../domain/wording/reasons.ts';
import type { AboutSystem, DeclaredKind, ProgramFacts, ProgramPage } from '../console-source.ts';
import { html, type Html, type HtmlValue } from '../html.ts';
import { framed, SIMULATED_NOTICE, top } from '../page/frame.ts';
import { moment } from '../report/figures.ts';
import { hoursChart } from './hours-chart.ts';
import { accessItem, alarmItem, table, whenCell } from './parts.ts';

/** Of one kind of data; a developer may name thousands. */
const PURPOSES_MAX = 8;

export function programPage(about: AboutSystem, page: ProgramPage): string {
  const { program, facts, figures, alarms, newest, commands } = page;
  return framed(
    program,
    null,
    html`${top('programs', null)}
<main id="main" class="reading">
${SIMULATED_NOTICE[about.simulated]}
<h1>${program}</h1>
${opening(facts)}
<dl class="parts">
<div><dt>Accesses</dt><dd>${grouped(figures.accesses)}</dd><dd class="sub">that were judged and stored</dd></div>
<div><dt>Intercepted</dt><dd>${grouped(figures.intercepted)}</dd><dd class="sub">${grouped(figures.prevented)} prevented, ${grouped(figures.alreadyRefused)} already refused, ${grouped(figures.late)} late; ${counted(figures.users, 'user')}</dd></div>
<div><dt>Would have been</dt><dd>${grouped(figures.wouldHave)}</dd><dd class="sub">under a stricter mode</dd></div>
<div><dt>Alarms</dt><dd>${grouped(alarms.length)}</dd><dd class="sub">${grouped(alarms.filter(({ reviews }) => reviews.length === 0).length)} not reviewed</dd></div>
</dl>
<section aria-labelledby="kinds"><h2 id="kinds">What it declares, and what it takes</h2>
${kinds(facts, figures.byCategory)}</section>
${
  figures.byReason.length > 0 &&
  html`<section aria-labelledby="reasons"><h2 id="reasons">Why attempts were intercepted</h2>
${table(
  'Reasons',
  ['Reason', '#Attempts'],
  figures.byReason.map(({ reason, attempts }) => [
    html`${reasonInWords(reason).title} <span class="sub">${reasonInWords(reason).sentence}</span>`,
    grouped(attempts),
  ]),
)}</section>`
}
${byTheHour(page)}
<section aria-labelledby="alarms"><h2 id="alarms">Alarms</h2>
${alarms.length === 0 ? html`<p class="soft">None.</p>` : html`<ol class="cards">\n${alarms.map((alarm) => alarmItem(alarm, false))}</ol>`}</section>
<section aria-labelledby="stopped"><h2 id="stopped">Newest interceptions</h2>
${newest.length === 0 ? html`<p class="soft">None.</p>` : html`<ol class="cards">\n${newest.map(accessItem)}</ol>`}</section>
<section aria-labelledby="more"><h2 id="more">More of it, and what to decide</h2>
${commands.map((command) => html`<p><code>${command}</code></p>\n`)}</section>
</main>`,
  );
}

function opening({ declared, standing }: ProgramFacts): Html {
  const what =
    declared === null
      ? html`<p class="soft">No declaration of it is in force.</p>`
      : html`<p class="soft">${declared.className}${declared.developer !== '' && html`, of developer ${declared.developer}`}; version ${declared.version} of its declaration is in force</p>`;
  if (standing === null) return what;
  const until = standing.until === null ? '' : ` until ${moment(standing.until)}`;
  return html`${what}
<p class="notice${standing.state !== 'under_review' && ' is-bad'}"><strong>${STANDING[standing.state]}</strong>${until}.</p>`;
}

const STANDING = { active: 'Active', under_review: 'Under review', suspended: 'Suspended', banned: 'Banned' } as const;

/** Both lists as one: what was taken first, then what is declared and was not. */
function kinds({ declared, entitlements }: ProgramFacts, taken: readonly CategoryFigures[]): Html {
  const declaredAs = new Map(declared?.kinds.map((kind) => [kind.category, kind]));
  const names = new Set(taken.map(({ category }) => category));
  const untaken = (declared?.kinds ?? []).filter(({ category }) => !names.has(category));
  return table(
    'Kinds of data',
    ['Kind of data', 'Declared for', '#Accesses', '#In the background', '#Intercepted', '#Would have been', 'Last access (UTC)'],
    [
      ...taken.map((figures): HtmlValue[] => [
        categoryInWords(figures.category),
        [declaredFor(figures.category, declaredAs.get(figures.category)), opened(entitlements, figures.category)],
        grouped(figures.accesses),
        grouped(figures.background),
        grouped(figures.intercepted),
        grouped(figures.wouldHave),
        whenCell(figures.lastMs),
      ]),
      ...untaken.map((kind): HtmlValue[] => [
        categoryInWords(kind.category),
        [declaredFor(kind.category, kind), opened(entitlements, kind.category)],
        '0',
        '0',
        '0',
        '0',
        'never',
      ]),
    ],
  );
}

function declaredFor(category: string, kind: DeclaredKind | undefined): Html {
  if (!isPersonal(category)) return html`<span class="soft">need not be</span>`;
  if (kind === undefined) return html`<span class="is-bad">not declared</span>`;
  const more = kind.purposes.length - PURPOSES_MAX;
  return html`${kind.purposes.slice(0, PURPOSES_MAX).join(', ')}${more > 0 && `, and ${more} more`}${kind.isBackgroundAllowed && html` <span class="sub">also in the background</span>`}`;
}

/** A reviewer opened a restricted kind of data to it. */
function opened(entitlements: ProgramFacts['entitlements'], category: string): Html | null {
  const until = entitlements.get(category);
  return until === undefined ? null : html` <span class="sub">open to it${until !== null && ` until ${moment(until)}`}</span>`;
}

function byTheHour({ hours, alarms }: ProgramPage): Html | null {
  if (hours.length === 0) return null;
  return html`<section aria-labelledby="hours"><h2 id="hours">By the hour</h2>
<p class="soft">Accesses in each hour (UTC). <span class="key"></span>Accesses <span class="key is-usual"></span>Usual at that hour on the days before <span class="key is-band"></span>Alarm</p>
${hours.map(
  ({ category, hours: shown }) =>
    html`<figure class="hours"><figcaption>${categoryInWords(category)}</figcaption>${hoursChart(
      categoryInWords(category),
      shown,
      alarms.filter(({ episode }) => episode.categories.includes(category)).map(({ episode }) => episode),
    )}</figure>\n`,
)}</section>`;
}
