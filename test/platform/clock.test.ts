import { expect, test } from 'vitest';
import { systemClock } from '../../services/platform/clock.ts';

/** What happens, in its order, with an `io` for each time that the event loop comes by. */
async function orderOf(turns: readonly (() => Promise<string>)[]): Promise<string[]> {
  const order: string[] = [];
  let isOver = false;
  const comeBy = (): void => {
    order.push('io');
    if (!isOver) setImmediate(comeBy);
  };
  const done = Promise.all(turns.map(async (turn) => order.push(await turn())));
  setImmediate(comeBy);
  await done;
  isOver = true;
  return order;
}

const named = (name: string) => async (): Promise<string> => {
  await systemClock.turn();
  return name;
};

test('those who wait for their turn go on one after the other, and the event loop comes by in between', async () => {
  expect(await orderOf(['a', 'b', 'c'].map(named))).toEqual(['a', 'io', 'b', 'io', 'c']);
});

test('whoever asks again comes behind those who asked before', async () => {
  const twice = async (): Promise<string> => {
    await systemClock.turn();
    await systemClock.turn();
    return 'twice';
  };
  expect((await orderOf([twice, named('b'), named('c')])).filter((what) => what !== 'io')).toEqual(['b', 'c', 'twice']);
});
