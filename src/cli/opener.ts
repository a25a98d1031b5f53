/** The program that opens a file in the desktop's browser. */
export interface Opener {
  readonly command: string;
  /** Before the file's URL. */
  readonly arguments: readonly string[];
}

/** Null where there is no desktop: on Linux and the BSDs one has a display. Pure. */
export function openerOf(
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
): Opener | null {
  if (platform === 'darwin') return { command: 'open', arguments: [] };
  // The empty argument is the window's title, which `start` takes first.
  if (platform === 'win32') return { command: 'cmd', arguments: ['/c', 'start', ''] };
  const hasDisplay = [env['DISPLAY'], env['WAYLAND_DISPLAY']].some(
    (name) => name !== undefined && name !== '',
  );
  return hasDisplay ? { command: 'xdg-open', arguments: [] } : null;
}
