/** Reading server-sent events from a real connection. */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';

export async function comeTo(url: string): Promise<IncomingMessage> {
  const [response] = (await once(get(url, { agent: false }), 'response')) as [IncomingMessage];
  response.on('error', () => {});
  return response;
}

/** Reads until this has come, or to the end. */
export async function readUntil(response: IncomingMessage, end: string): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response.iterator({ destroyOnReturn: false })) {
    text += chunk as string;
    if (text.includes(end)) break;
  }
  return text;
}
