/** `127.0.0.1:1337`, `[::1]:1337`: host and port as they stand in a URL. */
export function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
