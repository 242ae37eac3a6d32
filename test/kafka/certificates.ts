/** Certificates of an authority of the test's own, made by openssl; gone with the test. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
const DAYS = ['-days', '2'];

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

export class Authority {
  readonly #folder = mkdtempSync(join(tmpdir(), 'ntk-ca-'));

  static async create(): Promise<Authority> {
    const authority = new Authority();
    const { key, cert } = authority.#paths('ca');
    await run('openssl', ['req', '-x509', ...NEW_KEY, ...DAYS, '-subj', '/CN=authority', '-keyout', key, '-out', cert]);
    return authority;
  }

  /** PEM. */
  get certificate(): string {
    return readFileSync(this.#paths('ca').cert, 'utf8');
  }

  /** For whoever is at 127.0.0.1 or calls itself `name`. */
  async issue(name: string): Promise<Certificate> {
    const [own, ca] = [this.#paths(name), this.#paths('ca')];
    const [request, extensions] = [join(this.#folder, `${name}.csr`), join(this.#folder, `${name}.ext`)];
    writeFileSync(extensions, 'subjectAltName=IP:127.0.0.1\n');
    await run('openssl', ['req', '-new', ...NEW_KEY, '-subj', `/CN=${name}`, '-keyout', own.key, '-out', request]);
    const signing = ['-CA', ca.cert, '-CAkey', ca.key, '-CAcreateserial', '-extfile', extensions];
    await run('openssl', ['x509', '-req', '-in', request, ...signing, ...DAYS, '-out', own.cert]);
    return { key: readFileSync(own.key, 'utf8'), cert: readFileSync(own.cert, 'utf8') };
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #paths(name: string): Certificate {
    return { key: join(this.#folder, `${name}.key`), cert: join(this.#folder, `${name}.pem`) };
  }
}
