/**
 * The records of a made-up super-app, slice by slice, in the order of their arrival. Pure: a function of the world, the pace and the
 * span, without a clock. Memory holds one slice and what is late, however long a story is.
 *
 * Each program draws from a stream of its own in each slice, so slices can be told from any moment on, and a change to one program leaves
 * the others as they were.
 */
import { Chance } from '../chance/chance.ts';
import { activityAt, type Fate, promotionAt } from '../story/fate.ts';
import { planStory, type Story, type StorySpan } from '../story/story.ts';
import { seasonAt } from '../world/seasons.ts';
import type { World } from '../world/world.ts';
import { Agenda } from './agenda.ts';
import { Arrivals } from './arrivals.ts';
import { Consents } from './consents.ts';
import { addIncident } from './incident-traffic.ts';
import { RecordLines } from './record-lines.ts';
import type { Timeline } from './timeline.ts';
import { Visits } from './visits.ts';

/** Of a day when nothing is on: visits of people who do not come regularly. */
const NEWCOMER_SHARE = 0.06;
/** Of a program that has just come out. */
const NEWCOMER_SHARE_LAUNCHED = 0.5;
/**
 * Consents, retries, repeats, launches and incidents come on top of the ordinary accesses; this much less of those makes the whole
 * what was asked for: 0.97 of it in 21 days of 500 programs, seed 1. Short spans have more consents, so more records.
 */
const ORDINARY_SHARE = 0.8;

export interface TrafficOptions {
  readonly world: World;
  readonly timeline: Timeline;
  /** Story milliseconds of a slice. */
  readonly sliceMs: number;
  /** Records a story millisecond, on average over a week. */
  readonly pace: number;
  readonly idPrefix: string;
  readonly pendingShare: number;
}

export class Traffic {
  readonly #options: TrafficOptions;
  readonly #pace: number;
  readonly #chance = new Chance(0);
  readonly #starts: number[] = [];
  readonly #agenda: Agenda;
  readonly #lines: RecordLines;
  readonly #arrivals: Arrivals;
  readonly #consents: Consents;
  readonly #visits: Visits;
  #story: Story | null = null;
  #fact = 0;
  /** Where the next slice begins. */
  #atMs: number;

  /** The first slice holds `startMs`. */
  constructor(options: TrafficOptions, startMs: number) {
    const { world, timeline, sliceMs, idPrefix, pendingShare } = options;
    this.#options = options;
    this.#pace = options.pace * ORDINARY_SHARE;
    this.#atMs = Math.floor(startMs / sliceMs) * sliceMs;
    const chance = this.#chance;
    this.#agenda = new Agenda(sliceMs, startMs);
    this.#lines = new RecordLines(idPrefix, timeline);
    this.#arrivals = new Arrivals(this.#agenda, chance, timeline.stretch);
    this.#consents = new Consents(this.#lines, this.#agenda, chance);
    const [lines, arrivals, consents] = [this.#lines, this.#arrivals, this.#consents];
    this.#visits = new Visits({ world, timeline, chance, pendingShare, lines, arrivals, consents });
  }

  get story(): Story | null {
    return this.#story;
  }

  /** Begins another story. Its facts so far are in the next slice, before everything else. */
  tell(span: Omit<StorySpan, 'pace'>): Story {
    this.#story = planStory(this.#options.world, { ...span, pace: this.#pace });
    this.#fact = 0;
    this.#visits.version = span.versionBase + 1;
    this.#consents.keep(this.#story.fates);
    this.#arrivals.during(this.#story.outages);
    return this.#story;
  }

  /** The records that arrive in the next slice, of what happens in it and before. */
  next(): string[] {
    const fromMs = this.#atMs;
    const toMs = fromMs + this.#options.sliceMs;
    const story = this.#story;
    if (story !== null && fromMs < story.endMs) {
      for (; this.#fact < story.facts.length && story.facts[this.#fact]!.atMs < toMs; this.#fact++) {
        const fact = story.facts[this.#fact]!;
        this.#agenda.put(fact.atMs, this.#lines.fact(fact));
      }
      for (const fate of story.fates) this.#happen(story, fate, Math.max(fromMs, story.startMs), Math.min(toMs, story.endMs));
    }
    this.#atMs = toMs;
    return this.#agenda.take();
  }

  /** Goes on at a later moment: nothing happens in between, and what was late comes now. */
  skipTo(ms: number): void {
    const { sliceMs } = this.#options;
    this.#atMs = Math.max(this.#atMs, Math.floor(ms / sliceMs) * sliceMs);
  }

  /** Where the next slice begins, in story time. */
  get atMs(): number {
    return this.#atMs;
  }

  /** Nothing is on its way any more. */
  get isQuiet(): boolean {
    return this.#agenda.isEmpty;
  }

  #happen(story: Story, fate: Fate, fromMs: number, toMs: number): void {
    const { program } = fate;
    const middle = (fromMs + toMs) / 2;
    const activity = activityAt(fate, story.holidays, middle);
    if (activity === 0) return;
    const chance = this.#chance.at(program.salt ^ story.generation, Math.floor(fromMs / this.#options.sliceMs));
    const meanRate = this.#pace * program.weight * activity;
    const rate = meanRate * seasonAt(program.week, middle + program.offsetMs);
    const promotion = promotionAt(fate, middle);
    const visits = chance.poisson((rate * promotion * (toMs - fromMs)) / program.visitAccesses);
    if (visits > 0) this.#come(fate, visits, promotion, fromMs, toMs);
    for (const incident of fate.incidents)
      addIncident(this.#visits, fate, incident, { fromMs, toMs, rate, meanRate, pace: this.#pace }, chance);
  }

  /** In the order of their times, so that who comes twice is asked once. */
  #come(fate: Fate, visits: number, promotion: number, fromMs: number, toMs: number): void {
    const chance = this.#chance;
    const starts = this.#starts;
    starts.length = visits;
    for (let n = 0; n < visits; n++) starts[n] = chance.within(fromMs, toMs);
    if (visits > 1) starts.sort((a, b) => a - b);
    const usual = fate.launchMs === -Infinity ? NEWCOMER_SHARE : NEWCOMER_SHARE_LAUNCHED;
    const newcomers = 1 - (1 - usual) / promotion;
    for (let n = 0; n < visits; n++) this.#visits.visit(fate, starts[n]!, { isNewcomer: chance.isBelow(newcomers) });
  }
}
