/** The broker's jars: named by pom.xml, fetched once by Maven into a cache folder under the temporary one. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const POM = join(import.meta.dirname, 'pom.xml');
/** 45 MB; minutes only on a slow line. */
const DOWNLOAD_MS_MAX = 300_000;

/** What the tests of the Kafka log need and this machine lacks. A failure, never a reason to skip. */
export class KafkaMissing extends Error {
  constructor(what: string, options?: ErrorOptions) {
    super(`the tests on a real Kafka cannot run: ${what}`, options);
    this.name = 'KafkaMissing';
  }
}

/** @throws KafkaMissing when there is no Java that runs */
export async function checkJava(): Promise<void> {
  try {
    await run('java', ['-version']);
  } catch (error) {
    throw new KafkaMissing("no Java answers to 'java -version'; install a JDK or JRE of version 17 or later", { cause: error });
  }
}

/** The folder with the jars. Several processes may ask at once. @throws KafkaMissing when Maven cannot get them */
export async function kafkaJars(): Promise<string> {
  const version = /<artifactId>kafka_2\.13<\/artifactId>\s*<version>([\d.]+)</.exec(readFileSync(POM, 'utf8'))?.[1];
  const folder = join(tmpdir(), `ntk-kafka-${version}`);
  if (existsSync(folder)) return folder;
  mkdirSync(tmpdir(), { recursive: true });
  const partial = mkdtempSync(`${folder}-partial-`);
  try {
    const args = [
      '-q',
      '-B',
      '-f',
      POM,
      'dependency:copy-dependencies',
      `-DoutputDirectory=${partial}`,
      '-DincludeScope=runtime',
    ];
    await run('mvn', args, { timeout: DOWNLOAD_MS_MAX });
    // Whole or not at all: a folder with this name is complete.
    if (!existsSync(folder)) renameSync(partial, folder);
  } catch (error) {
    if (existsSync(folder)) return folder;
    const reason = error instanceof Error ? error.message.split('\n').slice(0, 3).join(' ') : String(error);
    throw new KafkaMissing(
      `Maven could not fetch the jars of Kafka ${version} (${reason}); install Maven, or let it reach its repository`,
      {
        cause: error,
      },
    );
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return folder;
}
