/** What a person reads when everything runs: where to look, where the data lies, how to stop, what to try next. */
import type { AppliedPolicy } from '../../system/facts/first-policy.ts';
import type { Output } from '../output/output.ts';
import { brief } from '../output/terminal.ts';
import { counted } from '../../domain/wording/counted.ts';

export interface Started {
  readonly url: string;
  readonly data: string;
  /** Records a second of the simulator; null with real hosts. */
  readonly rate: number | null;
  /** Null: the log had one, or takes none but what a person signs. */
  readonly applied: AppliedPolicy | null;
  readonly hasPolicy: boolean;
}

const LABEL_CHARACTERS = 9;

export function sayStarted(out: Output, { url, data, rate, applied, hasPolicy }: Started): void {
  const folder = brief(data);
  const flags = storeFlags(data);
  const line = (label: string, text: string): void =>
    out.note(`  ${out.paint('dim', label.padEnd(LABEL_CHARACTERS), out.errors)}${text}`);
  out.note('');
  out.note(`  ${out.paint('bold', 'Need to Know is running.', out.errors)}`);
  out.note('');
  line('Open', out.paint(['bold', 'cyan'], `${url}/`, out.errors));
  if (rate === null) {
    line('Hosts', `send events to ${url}/v1/events with the token in ${folder}/system.json (docs/gateway.md)`);
  } else {
    line('Host', `simulated: made-up programs and users, about ${counted(rate, 'record')} a second (--rate)`);
    line('', `with hosts of your own instead: npm start -- --no-simulator --data ./mine`);
  }
  line(
    'Policy',
    applied === null
      ? hasPolicy
        ? 'the one in force before (npx ntk policy log)'
        : `none in force, so everything is allowed: npx ntk policy apply policies/default.yaml${flags}`
      : `${brief(applied.version, 40)} (${applied.hash}), put in force now`,
  );
  line('Data', `${folder}; it stays, and the next start goes on where this one ends`);
  line('Stop', 'Ctrl-C');
  out.note('');
  out.note('  Try next, in another terminal:');
  out.note(`    npx ntk report${flags}`);
  out.note(`    npx ntk report --format html --output report.html${flags}`);
  out.note(`    npx ntk query "SELECT verdict, count() FROM ntk.access_results FINAL GROUP BY verdict"${flags}`);
  out.note('');
}

/** Said wherever somebody could take silence for a clean result. */
export function noPolicyWords(data: string): string {
  return `no policy is in force, so everything is allowed: ntk policy apply policies/default.yaml${storeFlags(data)}`;
}

/** Nothing where the default finds it. */
export function storeFlags(data: string): string {
  if (data === './data' || data === 'data') return '';
  return ` --data ${/^[\w./+-]+$/.test(data) ? data : `'${brief(data, 200).replaceAll("'", `'\\''`)}'`}`;
}
