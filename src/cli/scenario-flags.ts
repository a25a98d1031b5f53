/** The flags that override a scenario's fields, and how they become {@link Overrides}. */
import { type Command, Option } from 'commander';
import { scenarioSettings } from '../lab/config/scenario-settings.ts';
import type { Overrides } from '../lab/plan.ts';
import { settingParser } from './parse-values.ts';

/** Adds all scenario flags to a command; each can be set by `LAB_…` in the environment. */
export function addScenarioFlags(command: Command): void {
  for (const { name, placeholder, kind, description } of scenarioSettings) {
    const option = new Option(`--${kebab(name)} <${placeholder}>`, description).argParser(
      settingParser(kind),
    );
    command.addOption(option.env(environmentName(option)));
  }
}

/** What the user set, with its source; flags win over the environment. */
export function readOverrides(command: Command): Overrides {
  const given = scenarioSettings.flatMap(({ name, field }) => {
    const source = sourceOf(command, name);
    return source === null ? [] : [[field, { value: command.getOptionValue(name) as unknown, source }]];
  });
  return Object.fromEntries(given) as Overrides;
}

/** Where the value of an option came from; null: it is the default, or there is none. */
export function sourceOf(command: Command, attribute: string): 'flag' | 'environment' | null {
  const source = command.getOptionValueSource(attribute);
  if (source === 'cli') return 'flag';
  return source === 'env' ? 'environment' : null;
}

/** `--num-want` is `LAB_NUM_WANT`. */
export function environmentName(option: Option): string {
  return `LAB_${option.name().toUpperCase().replaceAll('-', '_')}`;
}

/** `numWant` is `num-want`. */
export function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
