/** Policy files that a command names. */
import { readFile } from 'node:fs/promises';
import { parsePolicyYaml } from '../../domain/policy/document.ts';
import { systemCodeInWords, systemCodeOf } from '../../platform/system-error.ts';
import { UserError } from '../../system/user-error.ts';
import { brief, safe } from '../output/terminal.ts';

export interface PolicyFile {
  readonly document: unknown;
  readonly hash: string;
  readonly version: string;
}

/**
 * Reads a file; `thing` says in errors what it should be.
 * @throws UserError for one that cannot be read
 */
export async function readBytes(file: string, thing = 'policy file'): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'ENOENT') throw new UserError(`there is no ${thing} '${brief(file)}'`);
    if (code === 'EISDIR') throw new UserError(`'${brief(file)}' is a folder, not a ${thing}`);
    throw new UserError(`cannot read ${thing} '${brief(file)}': ${systemCodeInWords(error)}`);
  }
}

/** @throws UserError that names the first problem and how many there are */
export async function loadPolicyFile(file: string): Promise<PolicyFile> {
  const parsed = parsePolicyYaml(await readBytes(file));
  if (parsed.ok) return { document: parsed.document, hash: parsed.hash, version: parsed.policy.version };
  const [first] = parsed.problems;
  const others = parsed.problems.length > 1 ? ` (and ${parsed.problems.length - 1} more: ntk policy check ${brief(file)})` : '';
  throw new UserError(
    `${brief(file)}:${first?.line ?? 1}: ${safe(first?.path ?? '')}${first?.path ? ': ' : ''}${brief(first?.message ?? '', 300)}${others}`,
  );
}
