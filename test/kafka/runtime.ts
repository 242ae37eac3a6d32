/**
 * The one place that decides how a Kafka comes to be here: containers where a Docker daemon answers, otherwise processes of the jars
 * that Maven fetches. `NTK_TEST_KAFKA` set to `container` or `jars` asks for one of them.
 */
import { containerRuntime } from './container-runtime.ts';
import { jarRuntime } from './jar-runtime.ts';
import { KafkaMissing, type KafkaRuntime } from './kafka-process.ts';

let chosen: Promise<KafkaRuntime> | null = null;

/** @throws KafkaMissing that says in one line why there is neither */
export function kafkaRuntime(): Promise<KafkaRuntime> {
  chosen ??= choose();
  return chosen;
}

async function choose(): Promise<KafkaRuntime> {
  const asked = process.env.NTK_TEST_KAFKA;
  if (asked === 'container') return containerRuntime();
  if (asked === 'jars') return jarRuntime();
  try {
    return await containerRuntime();
  } catch (error) {
    if (!(error instanceof KafkaMissing)) throw error;
    try {
      return await jarRuntime();
    } catch (other) {
      if (!(other instanceof KafkaMissing)) throw other;
      throw new KafkaMissing(`${reasonOf(error)}, and without one: ${reasonOf(other)}`, { cause: other });
    }
  }
}

function reasonOf({ message }: KafkaMissing): string {
  return message.slice(message.indexOf(': ') + 2);
}
