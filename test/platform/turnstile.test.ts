import { describe, expect, test } from 'vitest';
import { Turnstile } from '../../services/platform/turnstile.ts';

describe('a turnstile', () => {
  test('never lets more inside than it has places, and lets everybody in', async () => {
    const turnstile = new Turnstile(3);
    let inside = 0;
    let most = 0;
    const done = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        turnstile.inside(async () => {
          most = Math.max(most, ++inside);
          await new Promise((resolve) => setImmediate(resolve));
          inside--;
          return i;
        }),
      ),
    );
    expect(most).toBe(3);
    expect(done).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  test('lets in the order of arrival', async () => {
    const turnstile = new Turnstile(1);
    const order: number[] = [];
    await Promise.all(Array.from({ length: 10 }, (_, i) => turnstile.inside(async () => void order.push(i))));
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('gives the place on when what was done inside fails', async () => {
    const turnstile = new Turnstile(1);
    const failing = turnstile.inside(async () => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await turnstile.inside(async () => 'in')).toBe('in');
  });

  test('without places is a mistake', () => {
    expect(() => new Turnstile(0)).toThrow(RangeError);
  });
});
