/**
 * A process: what it asks of others travels, arrives, is done there and answered; between any two of these it may crash, and what
 * was under way still arrives, or not. Paused, it hears nothing until it is woken, while the others go on.
 */
import type { Clock } from '../../services/platform/clock.ts';
import type { Random } from '../reference/random.ts';
import type { Faults, Fate, OperationKind } from './faults.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface Operation {
  readonly kind: OperationKind;
  readonly what: string;
  /** What the caller is told when it gets no answer. */
  readonly failure: () => Error;
}

/** The way from a client to what it is a client of. */
export interface Network {
  /** Does `apply` there, at one moment, and brings back what it answers or throws. */
  call<T>(operation: Operation, apply: (fate: Fate) => T): Promise<T>;
  /** Tells the process something, some time later. */
  notify(run: () => void): void;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** How many of the newest records a reader does not see yet, and of the others does not get this time. */
  unseen(): number;
  short(records: number): number;
}

export interface World {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly faults: Faults;
  /** Requests whose callers gave them up and that still arrive. */
  late: number;
  /** Writes down what happened. */
  readonly trace: (what: string) => void;
}

/** How long a client waits for an answer before it gives up. */
const TIMEOUT_MS = 150;
/** How long after that a late request still arrives at most. */
const LATE_MS_MAX = 3_000;
/** Past the time-outs of everybody else. */
export const PAUSE_MS_MAX = 4_000;
const CLOCK_SKEW_MS_MAX = 4_000;

interface UnderWay {
  isDropped: boolean;
}

export class SimulatedProcess implements Network {
  readonly name: string;
  readonly clock: Clock;
  readonly isFree: boolean;
  readonly #world: World;
  readonly #underWay = new Set<UnderWay>();
  #state: 'running' | 'paused' | 'dead' = 'running';
  #inbox: (() => void)[] = [];

  /** @param isFree is neither killed nor paused by chance */
  constructor(name: string, world: World, isFree = false) {
    this.name = name;
    this.isFree = isFree;
    this.#world = world;
    const { random, time } = world;
    const skewMs = random.between(-CLOCK_SKEW_MS_MAX, CLOCK_SKEW_MS_MAX);
    let spentMs = 0;
    this.clock = {
      nowMs: () => Math.floor(time.nowMs) + skewMs,
      // Work takes time, now and then more than a checkpoint may have of it.
      monotonicMs: () => time.nowMs + (spentMs += random.chance(0.25) ? 12 : 0.1),
      sleep: (ms, signal) => this.sleep(ms, signal),
      turn: () => Promise.resolve(),
    };
  }

  get isRunning(): boolean {
    return this.#state === 'running';
  }

  get isPaused(): boolean {
    return this.#state === 'paused';
  }

  get isDead(): boolean {
    return this.#state === 'dead';
  }

  /** Nothing of it happens any more but what was under way, as chance has it. */
  crash(): void {
    if (this.#state === 'dead') return;
    this.#state = 'dead';
    this.#inbox = [];
    this.#world.trace(`${this.name} is killed`);
    for (const each of this.#underWay) each.isDropped = this.#world.random.chance(0.5);
  }

  /** It ended by itself; what it sent still arrives. */
  end(): void {
    this.#state = 'dead';
    this.#inbox = [];
  }

  /** Stands still, for so long or until it is woken. */
  pause(ms: number): void {
    if (this.#state !== 'running') return;
    this.#state = 'paused';
    this.#world.trace(`${this.name} is paused`);
    this.#world.time.after(ms, () => this.wake());
  }

  wake(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'running';
    this.#world.trace(`${this.name} is woken`);
    for (const message of this.#inbox.splice(0)) this.#world.time.after(0, () => this.#deliver(message));
  }

  #deliver(message: () => void): void {
    if (this.#state === 'running') message();
    else if (this.#state === 'paused') this.#inbox.push(message);
  }

  #latencyMs(): number {
    const { random } = this.#world;
    const draw = random.next();
    if (draw < 0.7) return random.next() * 2;
    return draw < 0.96 ? random.next() * 20 : random.next() * 400;
  }

  call<T>(operation: Operation, apply: (fate: Fate) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#state === 'dead') return;
      const { time, faults, random, trace } = this.#world;
      const fate = faults.fateOf(operation.kind);
      const fail = (): void => this.#deliver(() => reject(operation.failure()));
      if (fate === 'late' || fate === 'lost') time.after(fate === 'late' ? TIMEOUT_MS : this.#latencyMs(), fail);
      if (fate === 'lost') {
        trace(`${this.name} ${operation.what}: lost`);
        return;
      }
      const underWay: UnderWay = { isDropped: false };
      this.#underWay.add(underWay);
      if (fate === 'done') this.#mayEndIn(operation.kind);
      if (fate === 'late') this.#world.late++;
      const arrive = (): void => {
        if (fate === 'late') this.#world.late--;
        this.#underWay.delete(underWay);
        if (underWay.isDropped) return;
        let answer: () => void;
        try {
          const value = apply(fate);
          trace(`${this.name} ${operation.what}: ${fate}${outcomeOf(value)}`);
          answer = () => resolve(value);
        } catch (error) {
          trace(`${this.name} ${operation.what}: ${fate}, ${String(error)}`);
          answer = () => reject(error);
        }
        if (fate === 'late') return;
        if (fate !== 'done') answer = () => reject(operation.failure());
        time.after(this.#latencyMs(), () => this.#deliver(answer));
      };
      time.after(fate === 'late' ? TIMEOUT_MS + random.next() * LATE_MS_MAX : this.#latencyMs(), arrive);
    });
  }

  /** While it waits for an answer is when a process is best killed, or stopped. */
  #mayEndIn(kind: OperationKind): void {
    if (this.isFree || (kind !== 'commit' && kind !== 'insert')) return;
    const { faults, random, time } = this.#world;
    if (faults.strikes(kind === 'commit' ? 'crash_in_commit' : 'crash_in_insert', kind === 'commit' ? 0.01 : 0.04)) {
      time.after(random.next() * 4, () => this.crash());
    } else if (kind === 'commit' && faults.strikes('pause_in_commit', 0.01)) {
      time.after(random.next() * 4, () => this.pause(random.next() * PAUSE_MS_MAX));
    }
  }

  notify(run: () => void): void {
    // A message may get lost: whoever waits for it has a time-out.
    if (this.#state === 'dead' || this.#world.random.chance(0.02)) return;
    this.#world.time.after(this.#latencyMs(), () => this.#deliver(run));
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const done = (): void => {
        cancel();
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.#world.time.after(ms, () => this.#deliver(done));
      signal?.addEventListener('abort', done, { once: true });
    });
  }

  unseen(): number {
    const { faults, random } = this.#world;
    return faults.strikes('read_stale', 0.1) ? random.between(1, 5) : 0;
  }

  short(records: number): number {
    const { faults, random } = this.#world;
    return records > 1 && faults.strikes('read_short', 0.1) ? random.between(1, records - 1) : records;
  }
}

/** Only answers that are values of their own say something in a history. */
function outcomeOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return '';
  if ('status' in value) return `, ${String(value.status)}`;
  return 'count' in value && 'nextOffset' in value ? `, ${String(value.count)} up to ${String(value.nextOffset)}` : '';
}
