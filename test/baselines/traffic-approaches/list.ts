/** Everything that is compared, in the order of the table. */
import type { ApproachKind } from '../approaches/approach.ts';
import { CHANGE_POINT } from '../approaches/change-point.ts';
import { CONFORMAL } from '../approaches/conformal.ts';
import { COVERAGE } from '../approaches/coverage.ts';
import { CUT_FOREST } from '../approaches/cut-forest.ts';
import { FUZZY_ART } from '../approaches/fuzzy-art.ts';
import { SEASONAL_TAIL } from '../approaches/seasonal-tail.ts';
import { SPECTRAL_RESIDUAL } from '../approaches/spectral-residual.ts';
import { fiveViews, SERIES_BYTES } from '../nab/run-detector.ts';
import { COUNT_TAIL, COUNT_TAIL_CUSUM } from './count-tail.ts';
import { DAILY_CHANGE } from './daily-change.ts';
import { HOUR_OF_DAY_SCORE } from './hour-of-day-score.ts';
import { PEOPLE_A_DAY } from './people-a-day.ts';
import { SHARE_TAIL } from './share-tail.ts';
import type { TrafficApproach } from './traffic-approach.ts';

const FIVE_VIEWS: ApproachKind = { name: 'five views', stateBytes: SERIES_BYTES, start: fiveViews() };

export const TRAFFIC_APPROACHES: readonly TrafficApproach[] = [
  DAILY_CHANGE,
  HOUR_OF_DAY_SCORE,
  PEOPLE_A_DAY,
  ...[SEASONAL_TAIL, CONFORMAL, SPECTRAL_RESIDUAL, CUT_FOREST, CHANGE_POINT, FUZZY_ART, COVERAGE, FIVE_VIEWS].map(
    (kind): TrafficApproach => ({ ...kind, series: 'hourly', value: 'root' }),
  ),
  COUNT_TAIL,
  COUNT_TAIL_CUSUM,
  SHARE_TAIL,
];

/** What a product sets, or a person in a hurry: twice as much as yesterday, three deviations, twice the people. */
export const USUAL_THRESHOLDS: ReadonlyMap<string, number> = new Map([
  [DAILY_CHANGE.name, 1],
  [HOUR_OF_DAY_SCORE.name, 3],
  [PEOPLE_A_DAY.name, 1],
]);
