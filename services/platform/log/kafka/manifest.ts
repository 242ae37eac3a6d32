/**
 * What ties the log's id to its topics. The id is the topic id of the access topic: Kafka draws one with each topic it makes, so a
 * topic that was made anew is another log, and two processes that make a log at once agree. The manifest, a record of the
 * positions topic, holds the ids of all topics: when one of them was made anew and the others were not, positions and blocks
 * speak of records that are gone, and nothing may be read or written.
 */
import { LogError } from '../event-log.ts';
import type { Topics } from './check-topics.ts';
import { STREAMS } from './topics.ts';

export const MANIFEST_KEY = 'manifest';
export const MANIFEST_PARTITION = 0;
/** Raised with any change that an older release cannot read. */
const FORMAT = 1;

interface Manifest {
  readonly format: number;
  readonly partitions: number;
  readonly topics: Readonly<Record<string, string>>;
}

export function encodeManifest(topics: Topics): Buffer {
  const manifest: Manifest = {
    format: FORMAT,
    partitions: topics.access.partitions,
    topics: Object.fromEntries(STREAMS.map((stream) => [topics[stream].name, topics[stream].id])),
  };
  return Buffer.from(JSON.stringify(manifest));
}

/** @throws LogError log_newer_format or log_corrupt */
export function checkManifest(bytes: Buffer, topics: Topics): void {
  const manifest = parse(bytes);
  if (manifest.format > FORMAT) {
    throw new LogError(
      'log_newer_format',
      `the log in Kafka was made by a newer release (format ${manifest.format}); start that one`,
    );
  }
  const anew = STREAMS.map((stream) => topics[stream]).filter(({ name, id }) => manifest.topics[name] !== id);
  if (anew.length === 0) return;
  const names = anew.map(({ name }) => name).join(', ');
  throw new LogError(
    'log_corrupt',
    `topic ${names} was made anew while the others of this log were not, so positions and blocks speak of records that are gone; delete all topics of the log to begin another one`,
  );
}

function parse(bytes: Buffer): Manifest {
  try {
    const manifest = JSON.parse(bytes.toString()) as Manifest;
    if (typeof manifest.format === 'number' && typeof manifest.topics === 'object' && manifest.topics !== null) return manifest;
  } catch {
    // Said below.
  }
  throw new LogError('log_corrupt', 'the manifest of the log in Kafka cannot be read');
}
