/** Nothing of the caller's own settings may change what is tested. */
export function environment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(?:NTK_|NODE_|FORCE_COLOR|VITEST)/.test(name));
  return { ...Object.fromEntries(own), NO_COLOR: '1', NTK_HEARTBEAT_SECONDS: '0', ...more };
}
