/**
 * The numbers of the baselines, each with its reason. One fixed set for all programs, platforms and policies; docs/baselines.md derives
 * what they stand in and shows how the measures move when one is halved or doubled.
 */

/** Lengths of the windows in hours; each has a block that fills and the one before it, so it looks back between one and two lengths. */
export const SCALE_HOURS = [1, 4, 24] as const;
export const SCALES = SCALE_HOURS.length;
export const FOUR_HOURS = 1;
export const A_DAY = 2;

/**
 * By scale, calls in a program's block from which on what it has so far counts half. Counts are 32-bit floats, in which one more is nothing from
 * 2^24 on, and sums of volumes are rounded sooner; shares of a million are as sure as those of half. Hours are also learned as rates, so late.
 */
export const BLOCK_CALLS_MAX = [2 ** 23, 2 ** 20, 2 ** 20] as const;

/** What was learned two weeks ago counts half: habits change with releases, and releases come about as often. */
export const HALF_LIFE_DAYS = 14;

/** One user's calls of a category within two minutes are one use: visits and trips are made of many, and would be all that is counted. */
export const USE_SECONDS = 120;
/** Calls of a use that count as calls: a loop or a retry is no more evidence than three. */
export const CALLS_PER_USE_MAX = 3;
/** One user's uses of a category with less than this between them are one session. */
export const SESSION_GAP_SECONDS = 3 * 3600;
/** More of them are not told apart: an entry of recent-users.ts has a byte for them. */
export const SESSION_USES_MAX = 255;
/**
 * By how many uses a session has, what the newest of them counts: one over the cube root. Nine uses of one person are not those of nine: they
 * come from one trip, or one album. In sixteenths, so that a 32-bit float sums a million of them exactly, and all machines the same.
 */
export const USE_WEIGHTS = Float64Array.from({ length: SESSION_USES_MAX + 1 }, (_, uses) =>
  uses === 0 ? 1 : Math.round(16 / Math.cbrt(uses)) / 16,
);
/** A user who was not in the program for so long is another visit. */
export const VISIT_SECONDS = 3600;

/** Strength of what a program's class does, in uses: a shopkeeper's dozen, so that the second day already is mostly the program's own. */
export const CLASS_USES = 12;
/** The same for background, users and rows of a category. */
export const CLASS_CALLS = 8;
export const CLASS_ROW_CALLS = 4;
/** Strength of the pooled over-dispersion against a key's own, in pairs of uses: a few busy hours. */
export const POOLED_PAIRS = 8;
/** A block says no more than so many pairs about over-dispersion: ten busy hours must not drown a week. */
export const PAIRS_A_BLOCK = 20;
/** Squares of deviations are cut at three times their expectation: what is further out is no noise (P. J. Huber 1964, his second proposal). */
export const SQUARE_MAX = 3;
/** Of a day whose worst surprise of a kind is s nats, scaled to the program, at most this over s says how much that kind varies. */
export const DISPERSION_NATS = 4;
/** Over-dispersion before a partition has seen any, and the least that is believed. */
export const DISPERSION_AT_FIRST = 0.15;
export const DISPERSION_MIN = 0.003;
export const DISPERSION_MAX = 0.9;
/** Pairs after which a partition's own pool is believed. */
export const POOL_PAIRS_MIN = 5;

/** Uses of one day depend on each other: n of them teach as much as `n / (1 + n rho)` that do not, with this for rho. */
export const DAY_DISPERSION = 0.05;

/** A ramp is held against odds that are so many times the expected ones: what drifts honestly stays below. */
export const RAMP_ODDS = 3;
/** Over-dispersion of four hours that a ramp is granted beyond the key's own: a share that is off for a while is off for all of them. */
export const RAMP_DISPERSION = 0.02;
/** Days before a share can ramp, and nats after which it has. */
export const RAMP_DAYS = 4;
export const RAMP_NATS_MAX = 60;

/** Fewer uses, calls are no evidence. */
export const EVIDENT_USES_MIN = 3;
export const EVIDENT_CALLS_MIN = 4;
/** Program-days of its class with a category before a program that hardly used it is judged by them. */
export const CLASS_DAYS_WITH_MIN = 5;

/** Uses a program must have been seen with before its own shares are judged; until then its class is what they are held against. */
export const USES_MIN = 15;
/** Days before a program is no longer judged by its class alone. */
export const YOUNG_DAYS = 2;
/** Days of history before a category can be new, and before rates by the hour of the week can be told: a week and a day. */
export const NOVEL_DAYS = 3;
export const SEASON_DAYS = 8;
/** A category listed for less than this is new for a good reason (exact-rules.md section 10). */
export const LISTED_SECONDS = 7 * 86_400;
/** What a later declaration added comes into use within four weeks as a rule, as was announced: its uses say half of what others' say. */
export const LATELY_LISTED_SECONDS = 28 * 86_400;
export const LATELY_LISTED_WEIGHT = 0.5;
/** A category with fewer learned uses is still new. */
export const NOVEL_USES = 3;
/** Uses of a new category come together: three say as much as two. */
export const NOVEL_WEIGHT = 0.6;
/** Program-days of its class before a program of which little is known is judged by it. */
export const CLASS_DAYS_MIN = 8;
/** Programs of a class differ so much, on the scale of over-dispersion, before it has shown how much; of what they do in the background always. */
export const FIRST_BETWEEN = 0.2;
/** Program-days of a class that this is worth, and a share of a category: days of one program are alike, so a hundred days of a few say little of the next. */
export const CLASS_SURE_DAYS = 40;
/** Share of a category of which a class has shown nothing. */
export const CLASS_SHARE_AT_FIRST = 0.05;

/** Logarithm of a ratio of rates, times this, is about a surprise in nats (docs/baselines.md, "Rates"). */
export const RATIO_WEIGHT = 12;
/** Uses added to both sides of a ratio: nine against one are no ninefold rate. */
export const RATIO_USES = 8;
/** An hour whose expectation is below this share of the program's mean hour is quiet. */
export const QUIET_SHARE = 0.35;
/** Rates alone never alarm: promotions and launches are rates. */
export const RATE_SHARE_MAX = 4;
/** Any other feature adds no more than this; beyond, numbers say nothing. */
export const CONTRIBUTION_MAX = 40;
/** All but the largest contribution count so much: features share a part of their evidence. */
export const OTHERS_WEIGHT = 0.7;

/** A program's own daily worst, against everybody's, scales its surprises; worth this many days of everybody's, and this many nats. */
export const OWN_DAYS = 8;
export const OWN_NATS = 2;
export const OWN_MIN = 0.6;
export const OWN_MAX = 5;

/** Least siblings that must be in excess: nats of evidence from which one is, and the most that one adds. A fleet is many that do a little. */
export const SIBLINGS_MIN = 3;
export const SIBLING_EXCESS_MIN = 0.5;
export const SIBLING_EVIDENCE_MAX = 1.5;
/** Of programs that have nothing to do with each other so many are in excess at a time, measured in worlds of both makers (0.03 and 0.07). */
export const SIBLING_EXCESS_CHANCE = 0.05;
/** Evidence that is bounded has a light tail: ordinary days of ordinary developers fall by an e-fold for half a nat of its sum. */
export const SIBLING_NATS_A_NAT = 2;
/** How busy an honest program is against what is expected of the hour: a gamma variable of this shape, so six tenths up and down. */
export const ACTIVITY_SHAPE = 3;
/** What all programs do beyond what is expected is ordinary in a sibling, half as much again: it is known with some hours' delay. */
export const COMMON_WEIGHT = 1.5;
/** Programs of one developer that are looked at, and that are passed to find so many which are in use. */
export const SIBLINGS_LOOKED_AT_MAX = 64;
export const SIBLINGS_PASSED_MAX = 1024;
/** Of its own share a program must surprise by so many nats before it is held against what its siblings do. */
export const SIBLINGS_FROM_NATS = 2;
/** And by so many before they are looked at for the other partitions. */
export const EXCESS_FROM_NATS = 1;
/** Nats of a developer's programs in one partition, in any window, from which the others are told: sums of a little are what a fleet is. */
export const EXCESS_TOLD_MIN = 0.3;

/** Shorter intervals are of one visit, longer ones end a rhythm. */
export const RHYTHM_SECONDS_MIN = 60;
export const RHYTHM_GAP_SECONDS = 3 * 3600;
/**
 * A program may refresh itself every few seconds, up to every two minutes and a bit, for as long as somebody looks at it: a map, a workout, an order
 * on its way. That somebody still does is an e-fold rarer every ten minutes: visits last minutes, and a trip in two hundred goes on for fifty.
 */
export const REFRESH_SECONDS_MAX = 180;
export const ON_SCREEN_SECONDS = 600;
/** Nats of a rhythm that everybody has by chance. */
export const RHYTHM_NATS = 2;

/** A rhythm that was told is told again when its interval is shorter than this part of the one told, or when it was not heard for four weeks. */
export const QUICKER_RHYTHM = 2 / 3;
export const RHYTHM_TOLD_HOURS = 28 * 24;

/** Anything else that was told is told again when a day has more than so many times the uses that were told, or when it did not come for four weeks. */
export const MORE_THAN_TOLD = 2;
export const AMOUNT_TOLD_HOURS = 28 * 24;

/** A result of the same program within this belongs to the same episode (exact-rules.md section 10). */
export const EPISODE_SECONDS = 3600;
/** The same category is told again only when it is this much stronger; the margin is gone after a week. */
export const TOLD_MARGIN = 3;
export const TOLD_HOURS = 7 * 24;
/** Of what alarms, this share is learned, and of a day whose worst share surprises by s nats at most this over s. */
export const LEARNED_OF_ALARMS = 0.1;
export const LEARNED_NATS = 1.5;

/** The budget where the policy states none: one alarm episode in a thousand program-days. */
export const BUDGET_DEFAULT = 0.001;
