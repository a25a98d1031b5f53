/**
 * Node keeps messages until the first listener of `message` comes. The preload's listener comes before the program's,
 * so the program would miss what arrives in between.
 *
 * @returns a function that takes each message of the program; what has no other listener yet is handed out again when
 * the program's first listener comes
 */
export function holdProgramMessages(): (message: unknown) => void {
  const held: unknown[] = [];
  process.on('newListener', function onNewListener(event) {
    if (event !== 'message' || held.length === 0) return;
    const missed = held.splice(0);
    process.nextTick(() => {
      for (const message of missed) process.emit('message', message, undefined);
    });
  });
  return function hold(message) {
    if (process.listenerCount('message') === 1) held.push(message);
  };
}
