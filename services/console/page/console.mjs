/**
 * Puts the figures into the live page as they come. Everything that programs or developers wrote goes in as text, never as markup.
 * Runs in the browser, as it stands here.
 */
import { CLOCK, clockTime, linked, NewestList, TOKEN_NEEDED } from './newest.mjs';

const byId = (id) => document.getElementById(id);
const numbers = new Intl.NumberFormat('en-US');
const rates = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });
/** Says whose time all those of the page are: the report and commands print UTC. */
const clockTimeOfZone = new Intl.DateTimeFormat(undefined, { ...CLOCK, timeZoneName: 'short' });

/** How long after the connection was given up it is tried again, milliseconds. */
const AGAIN_MS = 3_000;
/** Every second something is said. A process that hangs, or a network that is gone, leaves the connection open. Milliseconds. */
const SILENT_MS = 10_000;
const LOOK_MS = 1_000;
const LOST = 'Connection lost, trying again';
/** What an answer means that is no stream, by its status. */
const REFUSED = { 401: TOKEN_NEEDED, 503: 'As many pages are open as may be, trying again' };

function put(id, text) {
  const element = byId(id);
  // Untouched text keeps a reader's selection.
  if (element.textContent !== text) element.textContent = text;
}

function state(is, text) {
  byId('state').dataset.is = is;
  put('state-text', text);
}

function share(part, whole) {
  if (whole === 0) return '–';
  const percent = (part / whole) * 100;
  return `${percent > 0 && percent < 0.1 ? '<0.1' : rates.format(percent)} %`;
}

function inMs(ms) {
  if (ms < 1_000) return `${numbers.format(ms)} ms`;
  return ms < 120_000 ? `${rates.format(ms / 1_000)} s` : `${rates.format(ms / 60_000)} min`;
}

function showNow(now) {
  const { verdicts, verdictMs, policy, troubles } = now;
  const whole = verdicts.allow + verdicts.flag + verdicts.throttle + verdicts.intercept;
  put(
    'rate',
    now.accessesPerSecond >= 100 ? numbers.format(Math.round(now.accessesPerSecond)) : rates.format(now.accessesPerSecond),
  );
  for (const verdict of ['intercept', 'flag', 'throttle']) {
    put(`share-${verdict}`, share(verdicts[verdict], whole));
    put(`count-${verdict}`, `${numbers.format(verdicts[verdict])} last minute`);
  }
  put('median', verdictMs === null ? '–' : inMs(verdictMs.median));
  put('p99', verdictMs === null ? 'no live accesses' : `99 % within ${inMs(verdictMs.p99)}`);
  put('waiting', now.waitingRecords === null ? '–' : numbers.format(now.waitingRecords));
  put(
    'policy',
    policy === null ? 'none yet: every access is let pass' : `${policy.version} (${policy.hash}), mode ${policy.mode}`,
  );
  drawSpark(now.accesses);
  put('state-time', clockTimeOfZone.format(new Date(now.at)));
  if (troubles.length === 0) state('running', 'Running');
  else state('trouble', 'Standing still');
  showTrouble('standing', troubles.join(' '));
}

const said = new Map();

/** One line for all that is wrong; empty text takes it back. */
function showTrouble(from, text) {
  said.set(from, text);
  const all = [...said.values()].filter((one) => one !== '').join(' ');
  put('trouble', all);
  byId('trouble').hidden = all === '';
}

function drawSpark(values) {
  const highest = Math.max(1, ...values);
  const points = values.map((value, i) => `${(i / (values.length - 1)) * 300},${46 - (value / highest) * 43}`);
  byId('spark-line').setAttribute('d', `M${points.join('L')}`);
  byId('spark-area').setAttribute('d', `M0,48L${points.join('L')}L300,48Z`);
  byId('spark').setAttribute(
    'aria-label',
    `Accesses in each of the last ${values.length} seconds, at most ${numbers.format(highest)}`,
  );
}

function showReport(report) {
  const { intercepted, wouldHaveBeenIntercepted: would, quality } = report;
  put('attempts', numbers.format(intercepted.attempts));
  put('attempts-word', intercepted.attempts === 1 ? 'attempt' : 'attempts');
  put('programs', numbers.format(intercepted.programs));
  put('programs-word', intercepted.programs === 1 ? 'program' : 'programs');
  put('prevented', numbers.format(intercepted.prevented));
  put('already-refused', numbers.format(intercepted.alreadyRefused));
  put('late', numbers.format(intercepted.late));
  byId('late').classList.toggle('is-bad', intercepted.late > 0);
  put('would', numbers.format(would.attempts));
  // What is not stored yet changes with each look and is the writer's second of waiting; a gap stays.
  const lost = (quality.gaps ?? []).length > 0 ? ', with records that were lost' : '';
  put(
    'of',
    `of ${numbers.format(report.accesses)} ${report.accesses === 1 ? 'access' : 'accesses'} in the log, as of ${clockTime.format(new Date(report.asOf))}; ${report.settled ? 'settled' : 'preliminary'}${lost}`,
  );
  document.documentElement.dataset.accesses = String(report.accesses);
  showBars('by-reason', report.byReason);
  showBars('by-category', report.byCategory);
  showBars(
    'by-program',
    report.topPrograms.map(({ program, attempts, page }) => ({ title: program, attempts, page })),
  );
  showTrouble('report', '');
}

function showBars(id, rows) {
  const body = byId(id).tBodies[0];
  if (rows.length === 0) return;
  // A link that somebody is about to follow stays where it is.
  if (body.querySelector('a') !== null && (body.matches(':hover') || body.contains(document.activeElement))) return;
  const highest = Math.max(...rows.map(({ attempts }) => attempts));
  body.replaceChildren(
    ...rows.map(({ title, sentence, attempts, programs, page }) => {
      const row = document.createElement('tr');
      const name = document.createElement('th');
      name.scope = 'row';
      if (page) name.append(linked(title, page));
      else name.textContent = title;
      if (sentence !== undefined) name.title = sentence;
      row.append(name, cell(attempts));
      if (programs !== undefined) row.append(cell(programs));
      row.style.setProperty('--share', String(attempts / highest));
      return row;
    }),
  );
}

function cell(count) {
  const element = document.createElement('td');
  element.className = 'n';
  element.textContent = numbers.format(count);
  return element;
}

const newest = new NewestList({ list: byId('newest'), empty: byId('newest-empty'), newer: byId('newer') });
const show = {
  now: showNow,
  report: showReport,
  newest: (told) => newest.take(told),
  problem: ({ message }) => showTrouble('report', message),
};

/** While paused, the newest of each kind waits. */
const waiting = new Map();
let isPaused = false;

function take(kind, data) {
  if (isPaused) waiting.set(kind, data);
  else show[kind](data);
}

byId('pause').addEventListener('click', () => {
  isPaused = !isPaused;
  byId('pause').setAttribute('aria-pressed', String(isPaused));
  if (isPaused) return state('paused', 'Paused');
  for (const [kind, data] of waiting) show[kind](data);
  waiting.clear();
  // What has waited says how it was when it came.
  if (events?.readyState !== EventSource.OPEN) state('lost', LOST);
});

/** Null until somebody sees the page. */
let events = null;
let heardAtMs = 0;

function connect() {
  events?.close();
  const mine = new EventSource('/live/events');
  events = mine;
  heardAtMs = performance.now();
  mine.addEventListener('system', ({ data }) => {
    if (JSON.parse(data).madeFor !== byId('main').dataset.madeFor) location.reload();
  });
  for (const kind of Object.keys(show))
    mine.addEventListener(kind, ({ data }) => {
      heardAtMs = performance.now();
      take(kind, JSON.parse(data));
    });
  mine.addEventListener('open', () => isPaused && state('paused', 'Paused'));
  mine.addEventListener('error', () => {
    if (mine !== events) return;
    state('lost', LOST);
    // A browser gives up for good on an answer that is no stream, such as that there is no room, and does not say which it was.
    if (mine.readyState !== EventSource.CLOSED) return;
    void statusOf('/live/events').then((status) => mine === events && state('lost', REFUSED[status] ?? LOST));
    setTimeout(() => mine === events && !document.hidden && connect(), AGAIN_MS);
  });
}

/** Undefined where nobody answers. */
async function statusOf(address) {
  const asking = new AbortController();
  try {
    return (await fetch(address, { signal: AbortSignal.any([asking.signal, AbortSignal.timeout(AGAIN_MS)]) })).status;
  } catch {
    return undefined;
  } finally {
    // Where there is room again it is a stream.
    asking.abort();
  }
}

setInterval(() => {
  if (document.hidden || performance.now() - heardAtMs < SILENT_MS) return;
  state('lost', 'Nothing heard for a while, trying again');
  connect();
}, LOOK_MS);

// A browser has six connections for all tabs of a server: those that nobody sees would keep the next one from loading.
document.addEventListener('visibilitychange', () => (document.hidden ? events?.close() : connect()));

if (!document.hidden) connect();
