/** Check 8: where a link leads and what it shows of the user's circle. Looked at whatever the category. */
import { type Findings, reasonIndex } from '../verdict/findings.ts';
import { allowsHost } from './link-hosts.ts';
import type { Subject } from './subject.ts';

const EXTERNAL = reasonIndex('external_link');
const DOWNLOAD = reasonIndex('download_link');
const REVEALS_FRIENDS = reasonIndex('reveals_friends');

export function checkLink({ access, program }: Subject, findings: Findings): void {
  const { link } = access;
  if (link === null) return;
  if (link.kind === 'external') {
    const allowed = program.declaration?.linkHosts ?? [];
    if (link.host === null || !allowsHost(allowed, link.host.toLowerCase()))
      findings.add(EXTERNAL, { host: link.host }, { linkHosts: allowed });
  } else if (link.kind === 'download') {
    findings.add(DOWNLOAD, { link: 'download', host: link.host }, { link: 'none' });
  }
  if (link.revealsFriends) findings.add(REVEALS_FRIENDS, { reveals: 'friends' }, { reveals: 'nothing' });
}
