/** The programs to look at first, and a way to any other. */
import type { ListedProgram } from '../../domain/report/program-figures.ts';
import { grouped } from '../../domain/wording/counted.ts';
import type { AboutSystem } from '../console-source.ts';
import { html, type Html } from '../html.ts';
import { framed, SIMULATED_NOTICE, top } from '../page/frame.ts';
import { programLink, table, whenCell } from './parts.ts';

/** On the page. */
export const PROGRAMS_MAX = 100;

export function programsPage(about: AboutSystem, programs: readonly ListedProgram[]): string {
  return framed(
    'Programs',
    null,
    html`${top('programs', null)}
<main id="main">
${SIMULATED_NOTICE[about.simulated]}
<h1>Programs</h1>
${programSearch('')}
${table(
  'Programs',
  ['Program', 'Class', '#Accesses', '#Intercepted', '#Would have been', '#Unusual', 'Last access (UTC)'],
  programs.map(({ program, className, accesses, intercepted, wouldHave, unusual, lastMs }) => [
    programLink(program),
    className,
    grouped(accesses),
    grouped(intercepted),
    grouped(wouldHave),
    grouped(unusual),
    whenCell(lastMs),
  ]),
  'None has had an access yet.',
)}
${programs.length === PROGRAMS_MAX && html`<p class="soft">These are the ${PROGRAMS_MAX} with most attempts; any other is found by its id.</p>`}
</main>`,
  );
}

/** Nothing was ever heard of it. */
export function unknownProgramPage(about: AboutSystem, program: string): string {
  return framed(
    'No such program',
    null,
    html`${top('programs', null)}
<main id="main">
${SIMULATED_NOTICE[about.simulated]}
<h1>No program has this id</h1>
<p>Nothing was heard of <code>${program}</code>: no access of it is stored, and no declaration of it is in force. Ids are told apart by every character.</p>
${programSearch(program)}
</main>`,
  );
}

function programSearch(program: string): Html {
  return html`<form class="search" action="/programs" method="get">
<label for="id">Program id</label>
<input id="id" name="id" type="text" value="${program}" required autocomplete="off" autocapitalize="off" spellcheck="false">
<button type="submit" class="quiet">Look</button>
</form>`;
}
