import { describe, expect, test, vi } from 'vitest';
import { type ChdbSession, SessionPool } from '../../../services/platform/warehouse/chdb/sessions.ts';

/** Who waits for whom is the same for any session: these do nothing. */
function pool(max: number, waitMs: number | null): { readonly sessions: SessionPool; readonly opened: ChdbSession[] } {
  const opened: ChdbSession[] = [];
  const open = (): Promise<ChdbSession> => {
    const session = {} as ChdbSession;
    opened.push(session);
    return Promise.resolve(session);
  };
  return { sessions: new SessionPool({ max, waitMs, setUp: [] }, open), opened };
}

describe('sessions of the engine', () => {
  test('are used again rather than opened', async () => {
    const { sessions, opened } = pool(3, null);
    for (let i = 0; i < 5; i++) await sessions.use(() => Promise.resolve());
    expect(opened).toHaveLength(1);
  });

  test('are never more than there may be, and go to whoever waited first', async () => {
    const { sessions, opened } = pool(1, null);
    const order: string[] = [];
    const first = await sessions.acquire();
    const others = ['a', 'b', 'c'].map((name) => sessions.use(() => Promise.resolve(void order.push(name))));
    sessions.release(first);
    await Promise.all(others);
    expect([order, opened.length]).toEqual([['a', 'b', 'c'], 1]);
  });

  test('do one thing at a time, also when one was handed to somebody who waited', async () => {
    const { sessions, opened } = pool(2, null);
    const held = await Promise.all([sessions.acquire(), sessions.acquire()]);
    const waited = sessions.acquire();
    sessions.release(held[0]);
    let isHandedOn = false;
    const next = sessions.acquire().then((session) => {
      isHandedOn = true;
      return session;
    });
    expect(await waited).toBe(held[0]);
    // Behind whatever has been given away by now.
    await new Promise((resolve) => setImmediate(resolve));
    expect([isHandedOn, opened.length]).toEqual([false, 2]);
    sessions.release(held[1]);
    expect(await next).toBe(held[1]);
  });

  test('are given up waiting for after a time, without a place in the queue', async () => {
    const { sessions } = pool(1, 20);
    const held = await sessions.acquire();
    await expect(sessions.acquire()).rejects.toMatchObject({ code: 'TOO_MANY_SIMULTANEOUS_QUERIES', retryable: true });
    sessions.release(held);
    expect(await sessions.acquire()).toBe(held);
  });

  test('are waited for by whoever came later for as long as he may wait, however long others did', async () => {
    vi.useFakeTimers();
    try {
      const { sessions } = pool(1, 20);
      const held = await sessions.acquire();
      const first = sessions.acquire();
      sessions.release(held);
      await first;
      vi.advanceTimersByTime(15);
      const second = sessions.acquire();
      vi.advanceTimersByTime(15);
      sessions.release(held);
      expect(await second).toBe(held);
    } finally {
      vi.useRealTimers();
    }
  });

  test('that cannot be opened take no place', async () => {
    let isBroken = true;
    const sessions = new SessionPool({ max: 1, waitMs: null, setUp: [] }, () =>
      isBroken ? Promise.reject(new Error('no memory')) : Promise.resolve({} as ChdbSession),
    );
    await expect(sessions.acquire()).rejects.toThrow('no memory');
    isBroken = false;
    await expect(sessions.acquire()).resolves.toEqual({});
  });
});
