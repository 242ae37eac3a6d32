/** The table of approaches in docs/baselines-series.md: `node test/baselines/compare-approaches.ts`. Takes a few minutes. */
import type { ApproachKind } from './approaches/approach.ts';
import { CHANGE_POINT } from './approaches/change-point.ts';
import { CONFORMAL } from './approaches/conformal.ts';
import { COVERAGE } from './approaches/coverage.ts';
import { CUT_FOREST } from './approaches/cut-forest.ts';
import { emitting, plain } from './approaches/emission.ts';
import { FUZZY_ART } from './approaches/fuzzy-art.ts';
import { SEASONAL_TAIL } from './approaches/seasonal-tail.ts';
import { SPECTRAL_RESIDUAL } from './approaches/spectral-residual.ts';
import { lookAlikes } from './look-alikes/look-alikes.ts';
import { fiveViews, scoreAll, SERIES_BYTES, seriesDetector } from './nab/run-detector.ts';
import { benchmarkScore } from './nab/score.ts';
import { readNab } from './nab/series.ts';

const SEED = 1;
/** The last step keeps five surprises and a peak. */
const EMISSION_BYTES = 24;

const given = readNab();
const made = lookAlikes(SEED);
const rows = given.reduce((sum, { values }) => sum + values.length, 0);

function line(name: string, bytes: number, start: ApproachKind['start'], alone: string): void {
  const from = performance.now();
  const scored = scoreAll(given, start);
  const micros = ((performance.now() - from) * 1000) / rows;
  const { standard, lowFalsePositives, lowFalseNegatives } = benchmarkScore(scored);
  const own = benchmarkScore(scoreAll(made, start)).standard;
  const scores = [standard, lowFalsePositives, lowFalseNegatives, own].map(({ score }) => score.toFixed(1));
  console.log(`| ${name} | ${alone} | ${scores.join(' | ')} | ${bytes} | ${micros.toFixed(1)} |`);
}

console.log('| approach | alone | standard | low FP | low FN | look-alikes | bytes | microseconds a row |');
console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
for (const kind of [SEASONAL_TAIL, CONFORMAL, SPECTRAL_RESIDUAL, CUT_FOREST, CHANGE_POINT, FUZZY_ART, COVERAGE]) {
  const alone = benchmarkScore(scoreAll(given, () => plain(kind.start()))).standard.score.toFixed(1);
  line(kind.name, kind.stateBytes + EMISSION_BYTES, () => emitting(kind.start()), alone);
}
const untold = scoreAll(given, fiveViews());
line('five views (what was built)', SERIES_BYTES, seriesDetector(), benchmarkScore(untold).standard.score.toFixed(1));
