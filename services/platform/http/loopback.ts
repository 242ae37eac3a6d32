/**
 * Whether a request is this machine's own. A page in a browser can be made to ask 127.0.0.1 under a name of its owner's choice (DNS
 * rebinding); its Host header then names that, and nobody else's does.
 */

const LOOPBACK_ADDRESS = /^(?:127(?:\.\d{1,3}){3}|::1|::ffff:127(?:\.\d{1,3}){3})$/;
const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

/** An address or name to listen on. */
export function isLoopbackAddress(host: string): boolean {
  return host === 'localhost' || LOOPBACK_ADDRESS.test(host);
}

/** A Host header, with or without a port. */
export function isLoopbackHost(header: string | undefined): boolean {
  return header !== undefined && LOOPBACK_HOST.test(header);
}
