/** Does to a deployment what a schedule says, and notes what whoever was hit was doing. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../../reference/random.ts';
import type { TestBroker } from '../../kafka/broker.ts';
import { CONSUMERS, setGroupOffsets, topicOf } from './group-tampering.ts';
import { administrate } from '../../kafka/topics.ts';
import type { Deployment } from './deployment.ts';
import type { GatewayHost } from './hosts.ts';
import type { LogWatch } from './log-watch.ts';
import { type Blow, type BlowKind, describeStep, KILLING, type Step, type Victim } from './schedule.ts';
import type { Service } from './service.ts';

export interface HarmOptions {
  readonly deployment: Deployment;
  readonly broker: TestBroker;
  readonly clickhouse: Service;
  readonly services: Readonly<Record<Victim, readonly Service[]>>;
  /** Who does the work of a service that stands still; not started. */
  readonly replacementOf: (service: Service) => Service;
  readonly hosts: readonly GatewayHost[];
  readonly watch: LogWatch;
  readonly random: Random;
  /** Hears of each step when its turn comes, and of the end of what lasts: where a run that stands still stands. */
  readonly onTold: (what: string) => void;
}

/** How long a replacement lives on beside the one that came back. */
const BOTH_MS_MAX = 8_000;
const TAMPER_MS_MAX = 8_000;
const IN_VAIN = 'in vain: Kafka was away';

export class Harm {
  readonly #options: HarmOptions;
  readonly #lasting = new Set<Promise<void>>();
  #brokerIsBusy: Promise<void> = Promise.resolve();
  #clickhouseIsBusy: Promise<void> = Promise.resolve();
  /** What was hit while it was doing what, and how often. */
  readonly counts = new Map<string, number>();
  readonly kinds = new Map<BlowKind, number>();

  constructor(options: HarmOptions) {
    this.#options = options;
  }

  /** Everything is whole again when this resolves. */
  async through(steps: readonly Step[]): Promise<void> {
    const { onTold } = this.#options;
    for (const step of steps) {
      await pause(step.waitMs);
      onTold(describeStep(step));
      await this.#strike(step.blow);
    }
    onTold(`all steps taken, ${this.#lasting.size} last`);
    while (this.#lasting.size > 0) await Promise.all(this.#lasting);
    onTold('nothing lasts');
    await Promise.all([this.#brokerIsBusy, this.#clickhouseIsBusy]);
  }

  get kills(): number {
    return KILLING.reduce((sum, kind) => sum + (this.kinds.get(kind) ?? 0), 0);
  }

  async #strike(blow: Blow): Promise<void> {
    const { broker, clickhouse } = this.#options;
    this.kinds.set(blow.kind, (this.kinds.get(blow.kind) ?? 0) + 1);
    switch (blow.kind) {
      case 'kill':
        return this.#kill(blow);
      case 'restart': {
        const service = await this.#running(blow.victim, blow.pick);
        this.#note(`${blow.victim} restarted`, '');
        // Beside whatever comes next.
        return this.#last(service.stop().then(() => service.start()));
      }
      case 'zombie':
        return this.#makeZombie(blow);
      case 'broker killed':
        this.#note('broker killed', '');
        this.#brokerIsBusy = this.#brokerIsBusy.then(async () => {
          await broker.kill();
          await pause(blow.awayMs);
          await broker.start();
        });
        return this.#last(this.#brokerIsBusy);
      case 'broker frozen':
        this.#note('broker frozen', '');
        this.#brokerIsBusy = this.#brokerIsBusy.then(async () => {
          await broker.freeze();
          await pause(blow.frozenMs);
          await broker.thaw();
        });
        return this.#last(this.#brokerIsBusy);
      case 'clickhouse killed':
        this.#note('clickhouse killed', '');
        this.#clickhouseIsBusy = this.#clickhouseIsBusy.then(async () => {
          await clickhouse.kill();
          await pause(blow.awayMs);
          clickhouse.start();
          await clickhouse.says(/ready/);
        });
        return this.#last(this.#clickhouseIsBusy);
      case 'offsets':
        return this.#last(this.#tamper(blow.to));
    }
  }

  async #kill({ victim, pick, awayMs }: Extract<Blow, { kind: 'kill' }>): Promise<void> {
    const service = await this.#running(victim, pick);
    const asking = this.#isAsked(service);
    await service.kill();
    // Beside whatever comes next.
    this.#last(this.#look(`${victim} killed`, victim, asking));
    this.#last(pause(awayMs).then(() => service.start()));
  }

  async #makeZombie({ victim, pick, frozenMs, isReplaced }: Extract<Blow, { kind: 'zombie' }>): Promise<void> {
    const { replacementOf, random } = this.#options;
    const service = await this.#running(victim, pick);
    const asking = this.#isAsked(service);
    service.freeze();
    this.#last(this.#look(`${victim} a zombie`, victim, asking));
    const bothMs = random.below(BOTH_MS_MAX);
    const standStill = async (): Promise<void> => {
      const replacement = isReplaced ? replacementOf(service) : null;
      replacement?.start();
      await pause(frozenMs);
      service.thaw();
      await pause(bothMs);
      // Its work is the other one's again, who has to notice.
      await replacement?.kill();
    };
    this.#last(standStill());
  }

  /** One that runs; waits while all of them are away. */
  async #running(victim: Victim, pick: number): Promise<Service> {
    for (;;) {
      const running = this.#options.services[victim].filter(({ state }) => state === 'running');
      const found = running[pick % running.length];
      if (found !== undefined) return found;
      await pause(20);
    }
  }

  #isAsked(service: Service): boolean {
    return this.#options.hosts.some(({ asking }) => asking === service.name);
  }

  /** What somebody was doing who is not there any more, or stands still. */
  async #look(what: string, victim: Victim, isAsked: boolean): Promise<void> {
    const { watch } = this.#options;
    if (victim === 'gateway') this.#note(what, isAsked ? 'a request not answered' : 'idle');
    else this.#note(what, await (victim === 'scorer' ? watch.scoring() : watch.writing()));
  }

  #note(what: string, doing: string): void {
    const key = doing === '' ? what : `${what}, ${doing}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }

  #last(work: Promise<void>): void {
    const lasting = work.finally(() => this.#lasting.delete(lasting));
    this.#lasting.add(lasting);
  }

  /** What an operator does by mistake to the groups whose offsets lag tools show. While Kafka is away there is nothing to do it to. */
  async #tamper(to: Extract<Blow, { kind: 'offsets' }>['to']): Promise<void> {
    const { broker, deployment } = this.#options;
    const { prefix, partitions } = deployment;
    const tampering = administrate(broker, async (admin) => {
      if (to === 'deleted') {
        // One that is not there is deleted already.
        for (const consumer of CONSUMERS) await admin.deleteGroups([`${prefix}.${consumer}`]).catch(() => {});
        return '';
      }
      const ends = await Promise.all(CONSUMERS.map((consumer) => admin.fetchTopicOffsets(topicOf(prefix, consumer))));
      const set = CONSUMERS.map((consumer, i) =>
        setGroupOffsets(
          broker,
          prefix,
          consumer,
          Array.from({ length: partitions }, (_, partition) => {
            const end = Number(ends[i]!.find((one) => one.partition === partition)!.high);
            return this.#offsetOf(to, end);
          }),
        ),
      );
      return (await Promise.all(set)).every(Boolean) ? '' : IN_VAIN;
    }).catch(() => IN_VAIN);
    // kafkajs's client for administrators waits for ever when the broker goes away at the wrong moment.
    const late = pause(TAMPER_MS_MAX, IN_VAIN, { ref: false });
    this.#note(`group offsets ${to}`, await Promise.race([tampering, late]));
  }

  #offsetOf(to: 'first' | 'end' | 'beyond' | 'random', end: number): number {
    if (to === 'first') return 0;
    if (to === 'random') return this.#options.random.below(end + 1);
    return to === 'end' ? end : end + 1_000_000;
  }
}
