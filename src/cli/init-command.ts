import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { LabError } from '../errors.ts';
import { CONFIG_FILE } from '../lab/config/parse-config.ts';
import { packageRoot } from '../package-root.ts';
import type { CliContext } from './context.ts';
import { labCommand } from './lab-command.ts';

/** `lab init`: writes a config file with one tracker and one scenario to begin with. */
export function initCommand(context: CliContext): Command {
  return new Command('init')
    .description(`write an example of a config file (${CONFIG_FILE})`)
    .argument('[file]', 'where to write it', CONFIG_FILE)
    .action(function writeConfig(given: string) {
      const file = path.resolve(context.cwd, given);
      writeNew(file, `${JSON.stringify(exampleConfig(path.dirname(file)), null, 2)}\n`);
      const config = given === CONFIG_FILE ? '' : ` --config ${given}`;
      context.stdout.write(
        `Wrote ${file}. Change the tracker's address, then: ${labCommand(context)}${config} --tracker mine --scenario quick\n`,
      );
    });
}

/** @param folder - absolute path of the folder that the file is in; the schema is named from there */
function exampleConfig(folder: string): object {
  const schema = path.relative(folder, path.join(packageRoot, 'schemas', 'config.schema.json'));
  return {
    $schema: schema.startsWith('..') ? schema : `./${schema}`,
    trackers: { mine: { target: 'udp://127.0.0.1:6969' } },
    scenarios: { quick: { preset: 'medium', warmup: '1s', duration: '10s', profileDuration: '5s' } },
  };
}

function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new LabError({
        code: 'CONFIG_EXISTS',
        message: `${file} exists; it is left as it is`,
        hint: 'edit it, or pass another name: tracker-lab init OTHER.json',
      });
    }
    throw new LabError({
      code: 'CONFIG_NOT_WRITABLE',
      message: `cannot write ${file} (${cause instanceof Error ? cause.message : String(cause)})`,
      hint: 'choose another folder or make this one writable',
      cause,
    });
  }
}
