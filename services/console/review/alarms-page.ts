/** The alarms of the baselines for whoever has to look at them: what was unusual, why it is said, and what people have concluded. */
import type { Rate } from '../../domain/review/alarm-rate.ts';
import { counted, grouped, threeDigits } from '../../domain/wording/counted.ts';
import type { AboutSystem, Alarms } from '../console-source.ts';
import { html, type Html } from '../html.ts';
import { framed, SIMULATED_NOTICE, top } from '../page/frame.ts';
import { alarmItem } from './parts.ts';

/** On one page; a command has all of them. */
export const ALARMS_MAX = 50;

const STANDING = {
  above: 'That is above the budget, even at the low end.',
  within: 'That is within the budget, even if all that is not reviewed were false.',
  undecided: 'Too few program-days or reviews to tell whether that is within the budget.',
} as const;

/** @param isOpen those that nobody has reviewed alone */
export function alarmsPage(about: AboutSystem, { told, measured }: Alarms, isOpen: boolean): string {
  const { byDisposition, unreviewed, programDays } = measured;
  const all = unreviewed + Object.values(byDisposition).reduce((sum, count) => sum + count, 0);
  return framed(
    'Alarms',
    null,
    html`${top('alarms', null)}
<main id="main" class="reading">
${SIMULATED_NOTICE[about.simulated]}
<h1>${counted(all, 'alarm')}${all > 0 && `, ${unreviewed === 0 ? 'all' : grouped(all - unreviewed)} reviewed`}</h1>
<p class="soft">What programs did that they did not do before, in ${counted(programDays, 'program-day')}. What one program did without an hour’s rest is one alarm.</p>
${rates(measured)}
<ul class="filter">
<li>${isOpen ? html`<a href="/alarms">All</a>` : html`<a href="/alarms" aria-current="true">All</a>`}</li>
<li>${isOpen ? html`<a href="/alarms?open=1" aria-current="true">Not reviewed</a>` : html`<a href="/alarms?open=1">Not reviewed</a>`}</li>
</ul>
${
  told.length === 0
    ? html`<p>${isOpen && all > 0 ? 'All of them are reviewed.' : 'None. What is ordinary for a program is learned from what it does: before its third day it is held against its class, and nothing else is said of it.'}</p>`
    : html`<ol class="cards">
${told.map((alarm) => alarmItem(alarm, true))}</ol>`
}
${told.length === ALARMS_MAX && html`<p class="soft">These are the newest ${ALARMS_MAX}; <code>ntk review list</code> has all of them.</p>`}
<p class="soft">Times are UTC. How an alarm comes about, and what to conclude: <a href="/guides/guides/review-alarms">Review alarms</a>.</p>
</main>`,
  );
}

/** How many were false, where people have said so. */
function rates({ byDisposition, atLeast, atMost, budget, standing, precision }: Alarms['measured']): Html | null {
  const { true_positive: right, false_positive: wrong, expected } = byDisposition;
  if (atLeast === null || atMost === null || right + wrong + expected === 0)
    return budget === null ? null : html`<p>The policy in force allows ${threeDigits(budget)} false in 1,000 program-days.</p>`;
  return html`<dl class="parts">
<div><dt>Somebody had to act</dt><dd>${right}</dd><dd class="sub">of those reviewed</dd></div>
<div><dt>Expected</dt><dd>${expected}</dd><dd class="sub">it happened, and is fine</dd></div>
<div><dt>False</dt><dd>${wrong}</dd><dd class="sub">${precision === null ? '' : `${(100 * precision).toFixed(1)} % of those reviewed were not`}</dd></div>
<div><dt>False in 1,000 program-days</dt><dd>${threeDigits(atLeast.rate)}</dd><dd class="sub">95 %: ${interval(atLeast)}; at most ${threeDigits(atMost.rate)} with those not reviewed${budget !== null && `; the policy allows ${threeDigits(budget)}`}</dd></div>
</dl>
${standing !== null && html`<p class="soft">${STANDING[standing]}</p>`}`;
}

function interval({ low, high }: Rate): string {
  return `${threeDigits(low)} to ${threeDigits(high)}`;
}
