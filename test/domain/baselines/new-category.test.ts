import { describe, expect, it } from 'vitest';
import { CATEGORIES } from '../../../schemas/codes.ts';
import { NOVEL, SHARE } from '../../../services/domain/baselines/features.ts';
import { LOCATION, NOON, OneClass } from './one-class.ts';

const CAMERA = CATEGORIES.indexOf('camera');
const HOUR = 3600;
const DAY = 24 * HOUR;

/** Twelve uses in an hour, a third of them of the camera; answers how new that is, or how much more than its share, in nats. */
function hourWithCamera(ofClass: OneClass, begin: number, isNewlyListed: boolean, isLatelyListed = false): number {
  let most = 0;
  for (let i = 0; i < 12; i++) {
    const category = i % 3 === 0 ? CAMERA : LOCATION;
    const isCamera = category === CAMERA;
    ofClass.see(0, category, begin + i * 300, {
      isNewlyListed: isNewlyListed && isCamera,
      isLatelyListed: isLatelyListed && isCamera,
    });
    const { nats } = ofClass.baselines.surprises;
    if (isCamera) most = Math.max(most, nats[NOVEL]!, nats[SHARE]!);
  }
  return most;
}

/** One use of the camera. */
function useOnce(ofClass: OneClass, seconds: number): void {
  ofClass.see(0, CAMERA, seconds, { isNewlyListed: true });
}

describe('a category that a program never used', () => {
  it('is new once it has been listed for a week', () => {
    expect(hourWithCamera(new OneClass(), NOON, false)).toBeGreaterThan(3);
  });

  it('is not new when it came into use while newly listed, however little, and is learned for a week', () => {
    const ofClass = new OneClass();
    useOnce(ofClass, NOON - HOUR);
    for (let day = 0; day < 6; day++) expect(hourWithCamera(ofClass, NOON + day * DAY, false)).toBe(0);
  });

  it('is not new within the hours in which its week of being newly listed ends', () => {
    const ofClass = new OneClass();
    useOnce(ofClass, NOON - 60);
    expect(hourWithCamera(ofClass, NOON, false)).toBe(0);
  });

  it('says half as much where a later declaration added it some weeks ago', () => {
    const surprise = hourWithCamera(new OneClass(), NOON, false);
    expect(hourWithCamera(new OneClass(), NOON, false, true)).toBeCloseTo(0.5 * surprise, 5);
  });

  it('is told in its first six hours of use and then learned for a week, where a later declaration added it some weeks ago', () => {
    const ofClass = new OneClass();
    const { nats } = ofClass.baselines.surprises;
    const first = hourWithCamera(ofClass, NOON, false, true);
    expect(hourWithCamera(ofClass, NOON + 4 * HOUR, false, true)).toBeGreaterThan(first);
    expect(nats[SHARE]).toBe(0);
    for (let hour = 7; hour < 7 * 24 - 1; hour += 20) expect(hourWithCamera(ofClass, NOON + hour * HOUR, false, true)).toBe(0);
  });

  it('is told as new and not again as a share in the hours after, nor in the week in which it is learned', () => {
    const ofClass = new OneClass();
    const { baselines } = ofClass;
    let uses = 0;
    do ofClass.see(0, CAMERA, NOON + ++uses * 60, { budget: 0.5 });
    while (!baselines.isAlarm && uses < 59);
    expect([baselines.isAlarm, baselines.largest]).toEqual([true, NOVEL]);
    for (let hour = 1; hour < 7 * 24 - 1; hour += hour < 8 ? 1 : 20)
      expect(hourWithCamera(ofClass, NOON + hour * HOUR, false)).toBe(0);
  });
});
