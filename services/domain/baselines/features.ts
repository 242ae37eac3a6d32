/** What the baselines look at. The order is that of state pages; names are what `contributions` and `evidence` show. */
import type { Reason } from '../../../schemas/codes.ts';

export const FEATURES = [
  'category_share',
  'category_calls',
  'background_share',
  'distinct_users',
  'rows_per_call',
  'quiet_hours',
  'program_rate',
  'new_category',
  'rhythm',
  'siblings',
  'first_days',
  'category_ramp',
] as const;
export type Feature = (typeof FEATURES)[number];
export const FEATURE_COUNT = FEATURES.length;

export const SHARE = 0;
export const CALLS = 1;
export const BACKGROUND = 2;
export const USERS = 3;
export const ROWS = 4;
export const QUIET = 5;
export const RATE = 6;
export const NOVEL = 7;
export const RHYTHM = 8;
export const SIBLINGS = 9;
export const FIRST = 10;
export const RAMP = 11;

/**
 * E-folds that a feature has to show beyond what is ordinary before it contributes: weights of p-values (C. R. Genovese, K. Roeder and L. Wasserman
 * 2006). What most kinds of incident show has none; what honest programs show as often has more.
 */
export const DISCOUNT = [0, 1, 3, 0, 1, 1, 1, 0, 0, 0, 0.5, 2.5] as const;

/** What a feature is reported as. */
export const REASON_OF_FEATURE = {
  category_share: 'rate_above_baseline',
  category_calls: 'rate_above_baseline',
  background_share: 'rate_above_baseline',
  distinct_users: 'users_above_baseline',
  rows_per_call: 'volume_above_baseline',
  quiet_hours: 'rate_above_baseline',
  program_rate: 'rate_above_baseline',
  new_category: 'category_new_for_program',
  rhythm: 'periodic_polling',
  siblings: 'rate_above_baseline',
  first_days: 'rate_above_baseline',
  category_ramp: 'rate_above_baseline',
} as const satisfies Record<Feature, Reason>;
