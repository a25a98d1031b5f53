import path from 'node:path';
import { Command, Option } from 'commander';
import type { CliContext } from './context.ts';
import { integerBetween } from './parse-values.ts';
import { startResultsServer } from './results-server.ts';

/** Beside 6969, where trackers are. */
const USUAL_PORT = 6970;

interface ServeOptions {
  readonly out: string;
  readonly port: number;
}

/** `lab serve`: the runs of a folder and their pages in a browser of this machine, until it is interrupted. */
export function serveCommand(context: CliContext): Command {
  return new Command('serve')
    .description('list the runs and serve their pages on 127.0.0.1, until interrupted')
    .option('--out <dir>', 'root of the runs', 'profiles')
    .addOption(
      new Option('--port <number>', 'where to listen; 0: any that is free')
        .argParser(integerBetween(0, 65_535))
        .default(USUAL_PORT),
    )
    .action(async function serve({ out, port }: ServeOptions) {
      const server = await startResultsServer(path.resolve(context.cwd, out), port);
      context.stdout.write(`${server.url}\n`);
      context.stderr.write('Ctrl-C ends it.\n');
      await new Promise<void>((resolve) => {
        const stopListening = context.onSignal(() => {
          stopListening();
          resolve();
        });
      });
      await server.close();
    });
}
