import { pathToFileURL } from 'node:url';
import { builtEntry } from '../../package-root.ts';
import { AGENT_ENVIRONMENT_VARIABLE, type AgentSettings } from './agent-protocol.ts';

/** What a Node program has to be started with so that the preload is in it. */
interface AgentLaunch {
  /** For `node`, before the script. */
  readonly nodeArguments: readonly string[];
  /** To be added to the environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Describes how to start a Node program with the preload. Without a socket, the child has to be a direct one with an IPC
 * channel.
 *
 * @throws LabError `NOT_BUILT` where dist/ is missing
 */
export function agentLaunch(settings: Omit<AgentSettings, 'labPid'>): AgentLaunch {
  const environment = { [AGENT_ENVIRONMENT_VARIABLE]: JSON.stringify({ labPid: process.pid, ...settings }) };
  const preload = pathToFileURL(builtEntry('lab/capture/agent.js')).href;
  return { nodeArguments: ['--import', preload], environment };
}
