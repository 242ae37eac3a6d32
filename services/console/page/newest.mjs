/** The list of the newest interceptions: each can be opened, and nothing moves away from under a reader's hand. */

export const CLOCK = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' };
export const clockTime = new Intl.DateTimeFormat(undefined, CLOCK);
const DAY = { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
const dayAndTime = new Intl.DateTimeFormat(undefined, DAY);
/** Imports bring what is years old. */
const yearAndTime = new Intl.DateTimeFormat(undefined, { year: 'numeric', ...DAY });
const DAY_MS = 86_400_000;
/** Longer than the slowest answer of a system that works. */
const LOOK_UP_MS_MAX = 30_000;
/** Each start of the system has another token, and only a page that is loaded is asked for it. */
export const TOKEN_NEEDED = 'Another token is needed: load this page again';

const BECAME = { prevented: 'Prevented', already_refused: 'Already refused', late: 'Late', let_pass: 'Let pass' };
const BECAME_IN_FULL = {
  prevented: 'The host waited for the verdict: nothing was handed out.',
  already_refused: 'The host or the user had refused it already.',
  late: 'The host had handed the data out before the verdict came.',
  let_pass: 'The policy only observes this so far: it would have been intercepted, and was let pass.',
};
const MARKS = { found: ['!', 'Found'], passed: ['✓', 'Passed'], skipped: ['–', 'Not asked'] };

/** An element with a class and text; text is never markup. */
function made(tag, className, text = '') {
  const element = document.createElement(tag);
  if (className !== '') element.className = className;
  element.textContent = text;
  return element;
}

/** @param page an address of this server */
export function linked(text, page) {
  const link = made('a', 'program', text);
  link.href = page;
  return link;
}

function inWords(time) {
  const now = new Date(performance.timeOrigin + performance.now());
  if (Math.abs(now.getTime() - time.getTime()) < DAY_MS) return clockTime.format(time);
  return (now.getFullYear() === time.getFullYear() ? dayAndTime : yearAndTime).format(time);
}

export class NewestList {
  #list;
  #empty;
  #newer;
  /** Items by the id of their access. */
  #items = new Map();
  #waiting = null;

  constructor({ list, empty, newer }) {
    this.#list = list;
    this.#empty = empty;
    this.#newer = newer;
    newer.addEventListener('click', () => this.#show());
    for (const left of ['pointerleave', 'focusout', 'toggle'])
      list.addEventListener(left, () => setTimeout(() => this.#showIfFree()), { capture: true });
  }

  /** @param told the newest first */
  take(told) {
    this.#waiting = told;
    this.#showIfFree();
  }

  /** Somebody points at an item, stands on it with the keyboard, or reads an open one. */
  get #isHeld() {
    const list = this.#list;
    return list.matches(':hover') || list.contains(document.activeElement) || list.querySelector('details[open]') !== null;
  }

  #showIfFree() {
    if (this.#waiting === null) return;
    const fresh = this.#waiting.filter(({ id }) => !this.#items.has(id)).length;
    if (fresh > 0 && this.#items.size > 0 && this.#isHeld) {
      this.#newer.textContent = `Show ${fresh} newer`;
      this.#newer.hidden = false;
      return;
    }
    this.#show();
  }

  #show() {
    const told = this.#waiting;
    this.#waiting = null;
    this.#newer.hidden = true;
    if (told === null) return;
    const isFirst = this.#items.size === 0;
    const ids = new Set(told.map(({ id }) => id));
    for (const [id, item] of this.#items) {
      if (ids.has(id) || item.contains(document.activeElement) || item.querySelector('details[open]') !== null) continue;
      item.remove();
      this.#items.delete(id);
    }
    let before = this.#list.firstElementChild;
    for (const one of told) {
      const known = this.#items.get(one.id);
      if (known !== undefined) {
        if (known === before) before = before.nextElementSibling;
        continue;
      }
      const item = this.#item(one);
      if (!isFirst) item.classList.add('is-fresh');
      this.#items.set(one.id, item);
      this.#list.insertBefore(item, before);
    }
    this.#empty.hidden = this.#items.size > 0;
  }

  #item({ id, at, program, page, did, reasons, remedy, became }) {
    const when = made('time', 'time', inWords(new Date(at)));
    when.dateTime = at;
    when.title = at;
    const what = made('span', 'what');
    what.append(made('span', 'program', program), ` ${did}`);
    const tag = made('span', 'tag', BECAME[became]);
    tag.dataset.is = became;
    const titles = reasons.map(({ title }) => title);
    const why = made('span', 'why');
    why.append(
      made('span', 'title', titles.length > 1 ? `${titles[0]}, and ${titles.length - 1} more.` : `${titles[0]}.`),
      ` ${remedy}`,
    );
    const summary = document.createElement('summary');
    summary.append(when, what, tag, why);
    const details = document.createElement('details');
    details.dataset.id = id;
    details.append(summary);
    details.addEventListener('toggle', () => {
      if (details.open && details.children.length === 1) void this.#open(details, { id, program, page, reasons, remedy, became });
    });
    const item = document.createElement('li');
    item.append(details);
    return item;
  }

  /** What is known already stands there at once; the checks follow. */
  async #open(details, { id, program, page, reasons, remedy, became }) {
    const body = made('div', 'opened');
    body.append(made('h3', '', 'Why'));
    for (const { title, sentence } of reasons) {
      const line = made('p', '');
      line.append(made('strong', '', `${title}. `), sentence);
      body.append(line);
    }
    body.append(made('p', '', BECAME_IN_FULL[became]));
    if (remedy !== '') body.append(made('h3', '', 'What the developer can do'), made('p', 'remedy', remedy));
    const loading = made('p', 'soft', 'Looking up the checks.');
    const more = made('p', '', '');
    if (page) more.append('More of ', linked(program, page), ', and ');
    more.append(linked(`access ${id}`, `/accesses/${id}`), ' as a page');
    body.append(loading, more);
    details.append(body);
    try {
      const answer = await fetch(`/live/accesses/${id}`, { signal: AbortSignal.timeout(LOOK_UP_MS_MAX) });
      if (!answer.ok) throw new Error(answer.status === 401 ? TOKEN_NEEDED : '');
      loading.replaceWith(...opened(await answer.json()));
    } catch ({ message }) {
      loading.textContent =
        message === TOKEN_NEEDED ? `${message}.` : 'The checks could not be looked up; close this and open it again.';
      const leave = () => {
        if (details.open) return;
        body.remove();
        details.removeEventListener('toggle', leave);
      };
      details.addEventListener('toggle', leave);
      // It may have been closed meanwhile.
      leave();
    }
  }
}

function opened({ checks, facts, command }) {
  const list = made('ol', 'checks');
  for (const { name, status, text } of checks) {
    const item = document.createElement('li');
    item.dataset.is = status;
    const [mark, word] = MARKS[status];
    const sign = made('span', 'mark');
    const seen = made('span', '', mark);
    seen.setAttribute('aria-hidden', 'true');
    sign.append(seen, made('span', 'unseen', `${word}: `));
    item.append(sign, made('span', 'name', name), made('span', 'text', text));
    list.append(item);
  }
  const about = made('dl', 'facts');
  for (const { name, value } of facts) {
    const pair = document.createElement('div');
    pair.append(made('dt', '', name), made('dd', '', value));
    about.append(pair);
  }
  const proof = made('p', '', 'Judged from the log, and provable from it: ');
  proof.append(made('code', '', command));
  return [made('h3', '', 'Every check'), list, made('h3', '', 'Which access'), about, made('h3', '', 'Proof'), proof];
}
