import type { Socket } from 'node:net';

/** Longer than any message of either side; what does not end by then is no such message. */
const LONGEST_LINE = 16 * 1024 * 1024;

/** Hands out each line of a connection as the JSON that it holds; a line that holds none ends the connection. */
export function readJsonLines(socket: Socket, onMessage: (message: unknown) => void): void {
  let rest = '';
  socket.setEncoding('utf8').on('data', function onText(text) {
    const lines = (rest + String(text)).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LONGEST_LINE) socket.destroy();
    for (const line of lines) {
      const message = parse(line);
      if (message === undefined) socket.destroy();
      else onMessage(message);
    }
  });
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
