/**
 * Near-constant intervals of one user's calls: a cumulative sum of log-likelihood ratios (E. S. Page 1954) between a clock and ordinary
 * calls, whose next interval is anywhere within half and one and a half times this one (density about 1 over the interval). Two clocks are tried:
 * one that keeps time to 1.4 %, and one that is out by up to a tenth.
 *
 * What is ordinary is people, and on screen also a program that refreshes itself while somebody looks at it. So as long as all of a quick rhythm is on
 * screen its evidence is at most that of somebody looking for so long; a few beats off screen, and nobody does.
 */
import { ON_SCREEN_SECONDS, REFRESH_SECONDS_MAX, RHYTHM_GAP_SECONDS } from './tuning.ts';
import { type RecentUsers, UNSEEN_BEATS_MAX } from './state/recent-users.ts';

const NARROW_DEVIATION = 0.0141;
const WIDE_DEVIATION = 0.045;
/** ln(1 / (deviation * sqrt(2 pi))): what an interval right on the beat adds. */
const NARROW_BEAT = Math.log(1 / (NARROW_DEVIATION * Math.sqrt(2 * Math.PI)));
const WIDE_BEAT = Math.log(1 / (WIDE_DEVIATION * Math.sqrt(2 * Math.PI)));
/** While the interval itself is known from one or two, it is out by as much again. */
const UNSURE = 1.3;
const SURE_INTERVALS = 3;
/** Below this an interval is another one: a missed beat or a call in between. */
const OFF_BEAT = -3;
const OFF_BEAT_COST = 4;
const AVERAGED_INTERVALS = 20;

/**
 * Takes in an interval of at least a minute; answers the evidence for a clock that nobody looks at, nats.
 * @param isOnScreen the call that ends the interval was
 */
export function rhythmSurprise(users: RecentUsers, at: number, seconds: number, isOnScreen: boolean): number {
  const interval = users.interval(at);
  if (seconds > RHYTHM_GAP_SECONDS || interval === 0) {
    users.setRhythm(at, seconds > RHYTHM_GAP_SECONDS ? 0 : 1, seconds > RHYTHM_GAP_SECONDS ? 0 : seconds, 0, 0);
    return 0;
  }
  const intervals = users.intervals(at);
  const deviation = (seconds / interval - 1) / (intervals < SURE_INTERVALS ? UNSURE : 1);
  const wide = WIDE_BEAT - (deviation / WIDE_DEVIATION) ** 2 / 2;
  if (wide < OFF_BEAT) {
    const left = [Math.max(0, users.narrow(at) - OFF_BEAT_COST), Math.max(0, users.wide(at) - OFF_BEAT_COST)] as const;
    const isOver = (left[0] === 0 && left[1] === 0) || intervals < SURE_INTERVALS;
    if (isOver) users.setRhythm(at, 1, seconds, 0, 0);
    else users.setRhythm(at, intervals, interval, ...left);
    return 0;
  }
  const narrow = NARROW_BEAT - (deviation * (intervals < SURE_INTERVALS ? UNSURE : 1)) ** 2 / (2 * NARROW_DEVIATION ** 2);
  const narrowSum = Math.max(0, users.narrow(at) + Math.max(-OFF_BEAT_COST, narrow));
  const wideSum = Math.max(0, users.wide(at) + wide);
  const averaged = interval + (seconds - interval) / Math.min(intervals + 1, AVERAGED_INTERVALS);
  users.setRhythm(at, intervals + 1, averaged, narrowSum, wideSum);
  if (!isOnScreen) users.addUnseenBeat(at);
  const nats = Math.max(narrowSum, wideSum);
  if (averaged > REFRESH_SECONDS_MAX || users.unseenBeats(at) === UNSEEN_BEATS_MAX) return nats;
  return Math.min(nats, ((intervals + 1) * averaged) / ON_SCREEN_SECONDS);
}
