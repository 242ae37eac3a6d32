/** Whether something could listen on a port, before anything is made for it. */
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Lets it go at once: somebody else may take it meanwhile. @throws the system's error: EADDRINUSE, EADDRNOTAVAIL, EACCES */
export async function tryPort(host: string, port: number): Promise<void> {
  const server = createServer((socket) => socket.destroy());
  server.listen({ host, port });
  await once(server, 'listening');
  server.close();
  await once(server, 'close');
}
