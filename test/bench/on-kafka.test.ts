import { describe } from 'vitest';
import { allowKafkaItsTime, sharedBroker } from '../kafka/shared-broker.ts';
import { ON_KAFKA } from './suite/benchmarks.ts';
import { testTiny } from './tiny.ts';

allowKafkaItsTime();

describe('a benchmark on Kafka', () => {
  testTiny(ON_KAFKA, async () => (await sharedBroker()).address);
});
