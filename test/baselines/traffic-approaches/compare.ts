/** One approach on several platforms: thresholds from the budget on traffic of other seeds, figures on these. */
import type { Score } from '../../../services/domain/evaluation/score-episodes.ts';
import { sameForAll, score, type Thresholds, thresholdsWithin, type WorldSurprises } from './alarms.ts';
import { COUNT_TAIL } from './count-tail.ts';
import type { HourlyWorld } from './hourly-world.ts';
import { USUAL_THRESHOLDS } from './list.ts';
import { lord, type OnlineTest, rejected, saffron } from './online-fdr.ts';
import { ranked } from './platform-ranks.ts';
import { type Judged, judge } from './surprises.ts';
import type { TrafficApproach } from './traffic-approach.ts';

/** In 1,000 program-days. */
export const BUDGET = 1;
export const RICHER = [10, 50];
const HOURS_OF_1000_DAYS = 24_000;
/** False discovery rates that are tried; the largest that keeps to the budget is taken. */
const ALPHAS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9];

/** Traffic of one kind, which has its own thresholds: `calibrate` for these, `evaluate` for the figures. */
export interface Calibrated {
  readonly name: string;
  readonly calibrate: readonly HourlyWorld[];
  readonly evaluate: readonly HourlyWorld[];
}

export interface Row {
  readonly name: string;
  readonly score: Score;
  /** The same with the threshold that other platforms' traffic would have given; null where there is none to give. */
  readonly elsewhere: Score | null;
  /** With ten and fifty times the budget; empty where the threshold is not one of a budget. */
  readonly richer: readonly Score[];
  readonly stateBytes: number;
  readonly microsAnUpdate: number;
}

interface JudgedPlatform {
  readonly calibrate: readonly Judged[];
  readonly evaluate: readonly Judged[];
}

type Step = 'plain' | 'told';
const withStep =
  (step: Step) =>
  (judged: Judged): WorldSurprises => ({ world: judged.world, surprises: judged[step] });

export function compare(approach: TrafficApproach, platforms: readonly Calibrated[]): Row[] {
  const from = performance.now();
  const judged = platforms.map(({ calibrate, evaluate }) => ({
    calibrate: calibrate.map((world) => judge(world, approach)),
    evaluate: evaluate.map((world) => judge(world, approach)),
  }));
  const updates = judged
    .flatMap(({ calibrate, evaluate }) => [...calibrate, ...evaluate])
    .reduce((sum, one) => sum + one.updates, 0);
  const cost = { stateBytes: approach.stateBytes, microsAnUpdate: ((performance.now() - from) * 1000) / updates };
  const rows: Row[] = [];
  const usual = USUAL_THRESHOLDS.get(approach.name);
  if (usual !== undefined) rows.push({ ...cost, name: `${approach.name}, as usually set`, ...fixed(judged, usual) });
  rows.push({ ...cost, ...budgeted(approach, judged) });
  if (approach === COUNT_TAIL) rows.push(...conformal(judged).map((row) => ({ ...cost, ...row })));
  return rows;
}

type Figures = Pick<Row, 'name' | 'score' | 'elsewhere' | 'richer'>;

function fixed(judged: readonly JudgedPlatform[], threshold: number): Omit<Figures, 'name'> {
  const worlds = judged.flatMap(({ evaluate }) => evaluate.map(withStep('plain')));
  return { score: score(worlds, () => sameForAll(threshold)), elsewhere: null, richer: [] };
}

/** With or without the last step, whichever found more on the calibrating seeds. */
function budgeted(approach: TrafficApproach, judged: readonly JudgedPlatform[]): Figures {
  const thresholdsOf = (step: Step, budget: number): Thresholds[] =>
    judged.map(({ calibrate }) => thresholdsWithin(calibrate.map(withStep(step)), budget));
  const found = (['plain', 'told'] as const).map((step) => {
    const thresholds = thresholdsOf(step, BUDGET);
    return { step, thresholds, before: scoreBy(judged, 'calibrate', step, thresholds).all.found };
  });
  const { step, thresholds } = found.reduce((a, b) => (b.before > a.before ? b : a));
  return {
    name: `${approach.name}${step === 'told' ? ', told once' : ''}`,
    score: scoreBy(judged, 'evaluate', step, thresholds),
    elsewhere: judged.length < 2 ? null : scoreBy(judged, 'evaluate', step, thresholds.toReversed()),
    richer: RICHER.map((times) => scoreBy(judged, 'evaluate', step, thresholdsOf(step, BUDGET * times))),
  };
}

function scoreBy(
  judged: readonly JudgedPlatform[],
  part: keyof JudgedPlatform,
  step: Step,
  thresholds: readonly Thresholds[],
): Score {
  const worlds = judged.flatMap((one, platform) => one[part].map((world) => ({ world: withStep(step)(world), platform })));
  return score(
    worlds.map(({ world }) => world),
    (index) => thresholds[worlds[index]!.platform]!,
  );
}

/** Ranks in the platform: at the level that the budget itself says, and with online FDR at the largest rate that kept to the budget. */
function conformal(judged: readonly JudgedPlatform[]): Figures[] {
  const ranks = judged.map(({ calibrate, evaluate }) => ({ calibrate: calibrate.map(ranked), evaluate: evaluate.map(ranked) }));
  const all = ranks.flatMap(({ evaluate }) => evaluate);
  const level = Math.log(HOURS_OF_1000_DAYS / BUDGET);
  const rows: Figures[] = [
    { name: 'the same, conformal, level of the budget', score: score(all, () => sameForAll(level)), elsewhere: null, richer: [] },
  ];
  for (const [name, testOf] of [['LORD++', lord] as const, ['SAFFRON', saffron] as const]) {
    const alphas = ranks.map(({ calibrate }) => alphaOf(calibrate, testOf));
    const apply = (alphaOfPlatform: (platform: number) => number): Score =>
      score(
        ranks.flatMap(({ evaluate }, platform) => evaluate.map((world) => rejected(world, testOf(alphaOfPlatform(platform))))),
        () => sameForAll(0),
      );
    rows.push({
      name: `the same, conformal, ${name} (alpha ${alphas.join(', ')})`,
      score: apply((platform) => alphas[platform]!),
      elsewhere: ranks.length < 2 ? null : apply((platform) => alphas.toReversed()[platform]!),
      richer: [],
    });
  }
  return rows;
}

function alphaOf(calibrate: readonly WorldSurprises[], testOf: (alpha: number) => OnlineTest): number {
  const isWithin = (alpha: number): boolean =>
    score(
      calibrate.map((world) => rejected(world, testOf(alpha))),
      () => sameForAll(0),
    ).falsePer1000ProgramDays.value <= BUDGET;
  return ALPHAS.findLast(isWithin) ?? ALPHAS[0]!;
}
