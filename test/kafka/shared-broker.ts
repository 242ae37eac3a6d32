/**
 * One broker for all test files that only use it: starting one takes seconds, and a file of its own for each would be most of what the
 * tests on Kafka cost. Whoever kills or stops a broker starts one of his own.
 */
import { createConnection } from 'node:net';
import { text } from 'node:stream/consumers';
import { inject, vi } from 'vitest';
import type { TestBroker } from './broker.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Unix socket that says where the shared broker is. */
    readonly sharedBroker: string;
  }
}

export type SharedBroker = Pick<TestBroker, 'address'>;
/** What the socket says. */
export type Answer = { readonly address: string } | { readonly problem: string };

/** Milliseconds. A test waits for elections and time-outs; the first one also for the jars or the image. */
const TEST_MS_MAX = 60_000;
const HOOK_MS_MAX = 400_000;

/** Longer times than other tests have. Called by each file of tests on Kafka before its first hook. */
export function allowKafkaItsTime(): void {
  vi.setConfig({ testTimeout: TEST_MS_MAX, hookTimeout: HOOK_MS_MAX });
}

/** @throws Error in one line when this machine can have no Kafka */
export async function sharedBroker(): Promise<SharedBroker> {
  const answer = JSON.parse(await text(createConnection(inject('sharedBroker')))) as Answer;
  if ('problem' in answer) throw new Error(answer.problem);
  return answer;
}
