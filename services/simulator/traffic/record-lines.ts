/** Records as lines of JSON, put together from pieces: half of the time of an event is spent here. */
import type { LinkKind, Outcome } from '../../../schemas/codes.ts';
import type { EventDataInput } from '../../../schemas/events/index.ts';
import { SIMULATED_SOURCE_PREFIX } from '../../../schemas/simulation/sources.ts';
import { SOURCES } from '../story/story.ts';
import type { Fact } from '../story/facts.ts';
import type { Program } from '../world/program.ts';
import { IsoTimes, type Timeline } from './timeline.ts';

/** Who reports what developers and reviewers said, and users agreed to. */
const PLATFORM_SOURCE = `${SIMULATED_SOURCE_PREFIX}platform`;

/** An access in the making. Texts stand in JSON as they are: letters, digits and punctuation without quotes. */
export interface Draft {
  readonly program: Program;
  readonly user: string;
  /** Of {@link SOURCES}. */
  readonly source: number;
  readonly eventMs: number;
  api: string;
  /** Empty: none is named. */
  purpose: string;
  page: string;
  isForeground: boolean;
  /** As JSON; empty: not said. */
  fields: string;
  rows: number;
  bytes: number;
  outcome: Outcome;
  link: { readonly kind: LinkKind; readonly host: string; readonly revealsFriends: boolean } | null;
  durationMs: number;
}

export class RecordLines {
  readonly #prefix: string;
  readonly #timeline: Timeline;
  readonly #times = new IsoTimes();
  readonly #heads: readonly string[];
  #count = 0;

  /** Ids are `prefix` and a number, which goes on from 0: never the same twice. */
  constructor(prefix: string, timeline: Timeline) {
    this.#prefix = prefix;
    this.#timeline = timeline;
    this.#heads = SOURCES.map((source) => `","source":"${source}","type":"ntk.access","subject":"`);
  }

  #id(): string {
    return `${this.#prefix}${(this.#count++).toString(36)}`;
  }

  access(draft: Draft): string {
    const { purpose, fields, rows, link, durationMs } = draft;
    return (
      `{"specversion":"1.0","id":"${this.#id()}${this.#heads[draft.source]!}${draft.program.id}","time":"${this.#times.of(draft.eventMs)}` +
      `","data":{"user":"${draft.user}","api":"${draft.api}"${purpose === '' ? '' : `,"purpose":"${purpose}"`},"page":"${draft.page}"` +
      `,"foreground":${draft.isForeground ? 'true' : 'false'}${fields === '' ? '' : `,"fields":${fields}`}` +
      `,"rows":${rows},"bytes":${draft.bytes},"outcome":"${draft.outcome}"` +
      `${link === null ? '' : linkText(link)}${durationMs === 0 ? '' : `,"durationMs":${durationMs}`}}}`
    );
  }

  consent(program: Program, storyMs: number, data: EventDataInput<'ntk.consent'>): string {
    return this.#fact('ntk.consent', program, storyMs, data);
  }

  fact({ type, program, atMs, data }: Fact): string {
    return this.#fact(
      type,
      program,
      atMs,
      data((storyMs) => this.#times.of(this.#timeline.toEventMs(storyMs))),
    );
  }

  #fact(type: string, program: Program, storyMs: number, data: object): string {
    const time = this.#times.of(this.#timeline.toEventMs(storyMs));
    return (
      `{"specversion":"1.0","id":"${this.#id()}","source":"${PLATFORM_SOURCE}","type":"${type}","subject":"${program.id}"` +
      `,"time":"${time}","data":${JSON.stringify(data)}}`
    );
  }
}

function linkText({ kind, host, revealsFriends }: NonNullable<Draft['link']>): string {
  const where = host === '' ? '' : `,"host":"${host}"`;
  return `,"link":{"kind":"${kind}"${where}${revealsFriends ? ',"reveals":["friends"]' : ''}}`;
}
