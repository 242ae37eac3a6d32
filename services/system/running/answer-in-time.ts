import type { Clock } from '../../platform/clock.ts';

/** Whoever asks for health or metrics does not wait as long as a log that is away may be waited for. */
export const ANSWER_MS_MAX = 2_000;

/** Null when it has not come within {@link ANSWER_MS_MAX}; rejects as `asked` does. */
export async function answerInTime<Answer>(clock: Clock, asked: Promise<Answer>): Promise<Answer | null> {
  const over = new AbortController();
  try {
    return await Promise.race([asked, clock.sleep(ANSWER_MS_MAX, over.signal).then(() => null)]);
  } finally {
    over.abort();
  }
}
