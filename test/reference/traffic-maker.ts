/** The lines of hostile traffic, one by one, and the made-up programs behind them. */
import {
  CATEGORIES_IN_USE,
  E_COMPOSED,
  E_DECOMPOSED,
  EDGE_PROGRAMS,
  HOSTILE_IDS,
  HOSTILE_PROGRAMS,
  HOSTILE_USERS,
  SOURCES,
} from './hostile-names.ts';
import { hostileJson, hostileTime } from './hostile-text.ts';
import { intervalMicros } from './policy-document.ts';
import type { Random } from './random.ts';
import * as data from './random-data.ts';
import type { Actor } from './random-data.ts';
import { randomPolicy } from './random-policies.ts';
import type { EdgeLimit } from './random-policies.ts';
import * as rejects from './random-rejects.ts';
import type { AccessRecord, RejectLine } from './random-rejects.ts';

export interface TrafficOptions {
  /** Lines of the file, blank ones and rejects included. */
  readonly lines: number;
  readonly programs: number;
  /** Limits of each policy beside the four that are walked along. @default 0 to 5 */
  readonly policyLimits?: number;
  /** Event time that the accesses are spread over. @default 30 */
  readonly days?: number;
}
/** Names that a record is a duplicate by. */
interface Key {
  readonly source: string;
  readonly subject: string;
  readonly id: string;
}

const START_MICROS = BigInt(Date.UTC(2026, 2, 1)) * 1000n;
const DAY_MICROS = 86_400_000_000;
const USERS_PER_PROGRAM = 8;
/** The same to the eye, not byte for byte; or else the very same. */
const lookalike = (id: string): string => (id.normalize('NFD') === id ? id.normalize('NFC') : id.normalize('NFD'));
const REJECTS = {
  invalidJson: rejects.invalidJson,
  notCloudevent: rejects.notCloudevent,
  unknownType: rejects.unknownType,
  invalidData: rejects.invalidData,
};
const TYPES_OF_PROGRAMS = { access: 76, consent: 9, declaration: 5, entitlement: 3, standing: 2, review: 0.4 };
const TYPES_OF_EVERYBODY = { erasure: 0.4, prior: 0.2, heartbeat: 0.3, policy: 0.4 };

export class TrafficMaker {
  private readonly random: Random;
  private readonly options: TrafficOptions;
  private readonly actors: Actor[];
  private readonly keys: Key[] = [];
  private readonly starKeys: Key[] = [];
  private edges: EdgeLimit[] = [];
  private made = 0;

  constructor(random: Random, options: TrafficOptions) {
    this.random = random;
    this.options = options;
    this.actors = this.makeActors();
  }

  policy(version: string): object {
    const limits = this.options.policyLimits ?? this.random.below(6);
    const { document, edges } = randomPolicy(
      version,
      { programs: this.actors.map(({ program }) => program), limits },
      this.random,
    );
    this.edges = edges;
    return document;
  }

  /** One record or reject; the bytes may end in a carriage return. */
  line(): Buffer | RejectLine {
    const { random } = this;
    if (random.chance(0.03)) return this.reject();
    const type = random.weighted({ ...TYPES_OF_PROGRAMS, ...TYPES_OF_EVERYBODY });
    const record = Object.hasOwn(TYPES_OF_EVERYBODY, type) ? this.forEverybody(type) : this.aboutProgram(type);
    return Buffer.from(hostileJson(record, random), 'utf8');
  }

  /** A valid access, for whoever wants to spoil or to pad it. */
  access(): AccessRecord {
    const actor = this.random.pick(this.actors);
    return {
      ...this.attributes('ntk.access', this.newKey(actor.program), actor.micros),
      data: { user: this.random.pick(actor.users), api: 'wx.getLocation' },
    };
  }

  rejectAsTooLarge = (): RejectLine => rejects.tooLarge(this.access(), this.random);

  private makeActors(): Actor[] {
    const { random } = this;
    const count = this.options.programs;
    const edges = EDGE_PROGRAMS.slice(0, Math.max(1, Math.floor(count / 10)));
    const hostile = [...new Set([E_COMPOSED, E_DECOMPOSED, ...random.some(HOSTILE_PROGRAMS, Math.floor(count / 3))])];
    const plain = Array.from({ length: Math.max(0, count - edges.length - hostile.length) }, () => this.plainProgram());
    return random.shuffled([...edges, ...hostile, ...plain].slice(0, count)).map((program) => ({
      program,
      users: [
        ...random.some(HOSTILE_USERS, random.below(3)),
        ...Array.from({ length: random.between(1, USERS_PER_PROGRAM) }, () => `u_${random.below(count * 4)}`),
      ],
      taste: random.some(CATEGORIES_IN_USE, 5),
      isEdge: edges.includes(program),
      version: 0,
      purposes: [],
      micros: START_MICROS + BigInt(random.below(DAY_MICROS)),
      moments: [],
    }));
  }

  private plainProgram = (): string =>
    `wx${this.random
      .below(2 ** 32)
      .toString(16)
      .padStart(8, '0')}${this.random.below(2 ** 32).toString(16)}`;

  private newKey(subject: string): Key {
    const { random } = this;
    this.made += 1;
    const id = random.chance(0.08) ? `${random.pick(HOSTILE_IDS)}${this.made}` : `e${this.made.toString(16)}`;
    return { source: random.pick(SOURCES), subject, id };
  }

  /** A new key; now and then one that was taken, or one that is nearly one that was taken. */
  private keyFor(subject: string): Key {
    const { random } = this;
    const key = this.newKey(subject);
    if (this.keys.length === 0 || !random.chance(0.04)) return this.remember(key);
    const old = random.pick(this.keys);
    const near = random.weighted({ same: 5, source: 1, subject: 1, id: 1 });
    if (near === 'same') return old;
    if (near === 'source') return this.remember({ ...old, source: random.pick(SOURCES) });
    if (near === 'subject') return this.remember({ ...old, subject });
    const accented = this.keys.filter(({ id }) => lookalike(id) !== id);
    if (accented.length === 0) return this.remember({ ...old, id: `${old.id} ` });
    const twin = random.pick(accented);
    return this.remember({ ...twin, id: lookalike(twin.id) });
  }

  private remember(key: Key): Key {
    this.keys.push(key);
    return key;
  }

  private attributes(type: string, key: Key, micros: bigint): object {
    const { random } = this;
    return {
      specversion: '1.0',
      id: key.id,
      source: key.source,
      type,
      subject: key.subject,
      time: hostileTime(micros, random),
      ...(random.chance(0.05) ? { datacontenttype: 'application/json', traceparent: null, x: { y: [1.5, Infinity] } } : {}),
      ...(random.chance(0.01) ? JSON.parse(`{"__proto__":{"type":"ntk.policy"},"deep":${this.deepest()}}`) : {}),
    };
  }

  private deepest = (): string => '['.repeat(rejects.NESTING_LEFT) + ']'.repeat(rejects.NESTING_LEFT);

  private aboutProgram(wanted: string): object {
    const { random } = this;
    // Programs differ in how busy they are.
    const key = this.keyFor(this.actors[Math.floor(random.next() ** 2 * this.actors.length)]!.program);
    const actor = this.actors.find(({ program }) => program === key.subject)!;
    // Most programs declare something before long; some never do.
    const isDue = actor.version === 0 && actor.users.length % 5 !== 0 && random.chance(0.4);
    const type = wanted === 'access' && isDue ? 'declaration' : wanted;
    if (type === 'access') return this.accessOf(actor, key);
    const before = { version: actor.version, purposes: actor.purposes };
    const makers: Readonly<Record<string, () => object>> = {
      consent: () => data.consentData(actor, random),
      declaration: () => data.declarationData(actor, random),
      entitlement: () => data.entitlementData(actor, random),
      standing: () => data.standingData(actor, random),
      review: () => data.reviewData(random),
    };
    const made = makers[type]!();
    // What may be a duplicate was perhaps not declared.
    if (!this.isLatest(key)) Object.assign(actor, before);
    return { ...this.attributes(`ntk.${type}`, key, actor.micros), data: this.withStranger(made) };
  }

  private isLatest = (key: Key): boolean => this.keys.slice(-2).includes(key);

  /** A member of `data` that nobody knows. */
  private withStranger(made: object): object {
    if (!this.random.chance(0.05)) return made;
    return { ...made, ...(JSON.parse('{"__proto__":{"state":"banned"},"unheardOf":[null,{"a":1}],"constructor":5}') as object) };
  }

  private accessOf(actor: Actor, key: Key): object {
    if (actor.isEdge && this.random.chance(0.9)) return this.edgeAccess(actor, key);
    const micros = this.nextMicros(actor);
    return { ...this.attributes('ntk.access', key, micros), data: this.withStranger(data.accessData(actor, this.random)) };
  }

  /** Mostly onward; sometimes the same moment, the past, or an `until` that was given. */
  private nextMicros(actor: Actor): bigint {
    const { random } = this;
    const moment = actor.moments.shift();
    if (moment !== undefined && moment >= 0n) {
      if (moment > actor.micros) actor.micros = moment;
      return moment;
    }
    const share = Math.ceil(((this.options.days ?? 30) * DAY_MICROS * 2 * this.options.programs) / this.options.lines);
    const step = random.weighted({ none: 2, micros: 2, seconds: 6, minutes: 3, share: 3, past: 1, second: 0.5, bounds: 0.05 });
    if (step === 'past') return actor.micros - BigInt(random.below(DAY_MICROS));
    // The first and the last moments there are; the last ones hold a limit's clock up for ever, as they should.
    if (step === 'bounds') return random.pick([0n, 1n, BigInt(Date.UTC(2255, 0, 1)) * 1000n - 1n]);
    const steps = {
      none: 0,
      micros: 3,
      seconds: 2_500_000,
      minutes: 400_000_000,
      share: Math.min(share, DAY_MICROS * 365),
      second: 0,
    };
    actor.micros += BigInt(random.below(steps[step] + 1));
    if (step === 'second') actor.micros += 60_000_000n - (actor.micros % 60_000_000n);
    return actor.micros;
  }

  /** Steps of one interval and one microsecond beside it, so that `tat - now` falls on the tolerance and next to it. */
  private edgeAccess(actor: Actor, key: Key): object {
    const { random } = this;
    const edge = random.pick(this.edges);
    const interval = intervalMicros(edge);
    const step = random.weighted({ none: 6, interval: 4, before: 2, after: 2, two: 1, burst: 1 });
    const steps = {
      none: 0n,
      interval,
      before: interval - 1n,
      after: interval + 1n,
      two: 2n * interval,
      burst: interval * BigInt(edge.burst),
    };
    actor.micros += steps[step];
    const volume = random.pick([1, 1, 1, 2, 0, edge.burst]);
    return {
      ...this.attributes('ntk.access', key, actor.micros),
      data: {
        user: actor.users[0],
        api: edge.api,
        purpose: 'p0',
        rows: volume,
        bytes: volume,
        outcome: random.pick(['pending', 'performed']),
      },
    };
  }

  private forEverybody(type: string): object {
    const { random } = this;
    const micros = random.pick(this.actors).micros;
    if (type === 'heartbeat') {
      // Ids of their own: a heartbeat goes to one partition, so that what repeats its id would be a duplicate only there.
      const key = { ...this.newKey('*'), source: 'host/heart' };
      return { ...this.attributes('ntk.heartbeat', key, micros), data: { partition: random.below(4) } };
    }
    const isRepeated = this.starKeys.length > 0 && random.chance(0.1);
    const key = isRepeated ? random.pick(this.starKeys) : this.newKey('*');
    if (!isRepeated) this.starKeys.push(key);
    const edges = this.edges;
    const makers: Readonly<Record<string, () => object>> = {
      erasure: () => ({ user: random.pick(random.pick(this.actors).users) }),
      prior: () => ({ class: 'games', peers: { location: 0.5 } }),
      policy: () => this.policy(`2026-03-01.${this.made}`),
    };
    const made = makers[type]!();
    if (isRepeated) this.edges = edges;
    return { ...this.attributes(`ntk.${type}`, key, micros), data: made };
  }

  private reject(): RejectLine {
    const { random } = this;
    const record = this.access();
    // A reject's id is not remembered: a later valid record may have it.
    if (random.chance(0.2))
      this.keys.push({ source: String(record['source']), subject: String(record['subject']), id: String(record['id']) });
    const kind = random.weighted({ invalidJson: 3, notCloudevent: 4, unknownType: 1, invalidData: 6 });
    return REJECTS[kind](record, random);
  }
}
