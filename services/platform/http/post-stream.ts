/**
 * `POST` of a stream. `fetch` gives up when the answer has not begun five minutes after the last byte, which a large file may take to be
 * imported.
 */
import { request as askPlainly } from 'node:http';
import { request as askEncrypted } from 'node:https';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

interface PostOptions {
  readonly url: URL;
  readonly body: Readable;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface Posted {
  readonly status: number;
  readonly statusText: string;
  readonly body: string;
}

/** Errors of the connection and of the body are thrown, unless the answer has come before. */
export function postStream({ url, body, headers, signal }: PostOptions): Promise<Posted> {
  return new Promise((resolve, reject) => {
    const ask = url.protocol === 'https:' ? askEncrypted : askPlainly;
    let isAnswered = false;
    const asking = ask(url, { method: 'POST', headers, ...(signal === undefined ? {} : { signal }) }, (response) => {
      isAnswered = true;
      const { statusCode = 0, statusMessage = '' } = response;
      text(response).then((said) => resolve({ status: statusCode, statusText: statusMessage, body: said }), reject);
    });
    // Whoever is refused may have the connection closed on what is left to send.
    asking.on('error', (error) => {
      if (!isAnswered) reject(error);
    });
    asking.once('close', () => body.destroy());
    body.once('error', (error) => asking.destroy(error));
    body.pipe(asking);
  });
}
