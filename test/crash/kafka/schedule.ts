/** What befalls a deployment and when, from a seed. */
import type { Random } from '../../reference/random.ts';

export const VICTIMS = ['scorer', 'writer', 'gateway'] as const;
export type Victim = (typeof VICTIMS)[number];

export type Blow =
  /** SIGKILL, and started again after a while. */
  | { readonly kind: 'kill'; readonly victim: Victim; readonly pick: number; readonly awayMs: number }
  /** SIGTERM, and started again: an upgrade. */
  | { readonly kind: 'restart'; readonly victim: Victim; readonly pick: number }
  /** SIGSTOP until every time-out has passed, then SIGCONT. `replaced`: somebody else gets its work meanwhile, and is killed later. */
  | {
      readonly kind: 'zombie';
      readonly victim: Victim;
      readonly pick: number;
      readonly frozenMs: number;
      readonly isReplaced: boolean;
    }
  | { readonly kind: 'broker killed'; readonly awayMs: number }
  | { readonly kind: 'broker frozen'; readonly frozenMs: number }
  | { readonly kind: 'clickhouse killed'; readonly awayMs: number }
  /** Of the groups that lag tools look at. */
  | { readonly kind: 'offsets'; readonly to: 'deleted' | 'first' | 'end' | 'beyond' | 'random' };

export type BlowKind = Blow['kind'];
/** A process lost or a machine lost: what the number asked for counts. */
export const KILLING: readonly BlowKind[] = ['kill', 'zombie', 'broker killed', 'broker frozen', 'clickhouse killed'];

export interface Step {
  readonly blow: Blow;
  /** After the one before. */
  readonly waitMs: number;
}

/** Longer than a session of the group (10 s) and the longest transaction (20 s). */
const ZOMBIE_MS_MIN = 21_500;
const ZOMBIE_MS_MAX = 26_000;
/** A process that was started again has to come to its work, now and then, before it is killed. */
const WAIT_MS_MAX = 3_000;
const AWAY_MS_MAX = 1_500;
const OFFSETS = ['deleted', 'first', 'end', 'beyond', 'random'] as const;

/** @param kills blows that take a process or a machine away; others come on top */
export function makeSchedule(random: Random, kills: number): Step[] {
  const steps: Step[] = [];
  // One of each kind whatever the number: the rest as chance has it.
  const first: BlowKind[] = ['zombie', 'zombie', 'zombie', 'broker killed', 'clickhouse killed', 'kill', 'kill', 'kill', 'kill'];
  const wanted = [
    ...random.shuffled(first.slice(3)),
    ...Array.from({ length: Math.max(0, kills - first.length) }, () => kindOf(random)),
  ];
  // Early, because they last long.
  const kinds = [...first.slice(0, 3), ...random.shuffled(wanted)];
  for (const [i, kind] of kinds.entries()) {
    steps.push({ blow: blowOf(kind, random, i), waitMs: random.below(WAIT_MS_MAX) });
    if (random.chance(0.12) || i % 8 === 5)
      steps.push({ blow: { kind: 'offsets', to: random.pick(OFFSETS) }, waitMs: random.below(300) });
    if (random.chance(0.1) || i % 10 === 6) steps.push({ blow: blowOf('restart', random, i), waitMs: random.below(WAIT_MS_MAX) });
  }
  return steps;
}

function kindOf(random: Random): BlowKind {
  return random.weighted({ kill: 72, zombie: 12, 'broker killed': 7, 'broker frozen': 4, 'clickhouse killed': 6 });
}

function blowOf(kind: BlowKind, random: Random, i: number): Blow {
  const victim = VICTIMS[i % VICTIMS.length]!;
  const pick = random.below(1_000);
  switch (kind) {
    case 'kill':
      return { kind, victim: random.weighted({ scorer: 5, writer: 3, gateway: 3 }), pick, awayMs: random.below(AWAY_MS_MAX) };
    case 'restart':
      return { kind, victim, pick };
    case 'zombie':
      return { kind, victim, pick, frozenMs: random.between(ZOMBIE_MS_MIN, ZOMBIE_MS_MAX), isReplaced: random.chance(0.6) };
    case 'broker killed':
      return { kind, awayMs: random.below(6_000) };
    case 'broker frozen':
      return { kind, frozenMs: random.between(2_500, 9_000) };
    case 'clickhouse killed':
      return { kind, awayMs: random.below(5_000) };
    case 'offsets':
      return { kind, to: random.pick(OFFSETS) };
  }
}

export function describeStep({ blow, waitMs }: Step): string {
  return `${waitMs} ms, then ${JSON.stringify(blow)}`;
}
