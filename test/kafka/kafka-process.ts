/** A Kafka process with its data, whatever it runs in: a process of this machine or a container. */

export interface KafkaProcess {
  /** Starts it, or starts it again with what it had on disk. */
  start(): Promise<void>;
  /** SIGKILL; the data stays. */
  kill(): Promise<void>;
  /** SIGSTOP and SIGCONT: a machine that hangs. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Null while it runs, then what it said at the end. */
  lastWords(): Promise<string | null>;
  /** Ends it and removes its data. Twice is fine. */
  remove(): Promise<void>;
}

export interface ProcessSetup {
  /** server.properties; `folder` is the process's own. */
  readonly properties: (folder: string) => Readonly<Record<string, string>>;
  readonly clusterId: string;
  readonly nodeId: number;
  /** What a controller's storage is formatted with. Null for a broker: it takes everything from its controller. */
  readonly format: readonly string[] | null;
  /** As it is run where it stays: compiled well, with the heap of Kafka's own scripts. @default false: it starts soon */
  readonly isFast?: boolean;
}

/** Where Kafka processes come from on this machine. */
export interface KafkaRuntime {
  readonly name: string;
  process(setup: ProcessSetup): KafkaProcess;
}

/** What the tests on a real Kafka need and this machine lacks. A failure, never a reason to skip. */
export class KafkaMissing extends Error {
  constructor(what: string, options?: ErrorOptions) {
    super(`the tests on a real Kafka cannot run: ${what}`, options);
    this.name = 'KafkaMissing';
  }
}

export const OUTPUT_CHARS_SHOWN = 1_500;
const HEAP_MIB = 230;
/** Tests start brokers often and use each for seconds: compiling well does not pay. */
const JAVA_FLAGS = `-Xmx${HEAP_MIB}m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto`;

export function propertiesText(properties: Readonly<Record<string, string>>): string {
  // A value of several lines (PEM) stands in one.
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value.replaceAll('\n', '\\n')}\n`)
    .join('');
}

/** As Kafka's own scripts start a broker (bin/kafka-run-class.sh, kafka-server-start.sh). */
const JAVA_FLAGS_FAST = '-Xms1g -Xmx1g -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35';

/** Formats the storage, the first time, and becomes the Kafka process. A broker's format is one file, not worth a JVM. */
export function launchScript(
  { clusterId, nodeId, format, isFast = false }: ProcessSetup,
  classPath: string,
  folder: string,
): string {
  const java = `java ${isFast ? JAVA_FLAGS_FAST : JAVA_FLAGS} -cp '${classPath}/*'`;
  const properties = `'${folder}/server.properties'`;
  const formatting =
    format === null
      ? `mkdir '${folder}/data' && printf 'version=1\\ncluster.id=${clusterId}\\nnode.id=${nodeId}\\n' > '${folder}/data/meta.properties'`
      : `${java} kafka.tools.StorageTool format -t ${clusterId} -c ${properties} ${format.map((each) => `'${each}'`).join(' ')}`;
  return `test -e '${folder}/data/meta.properties' || { ${formatting}; } || exit 1; exec ${java} kafka.Kafka ${properties}`;
}
