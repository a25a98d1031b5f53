/**
 * Preload of a profiled Node program: `node --import file:///.../dist/lab/capture/agent.js main.js`, started by the lab
 * with an IPC channel, or in NODE_OPTIONS of a command whose processes it reaches by a local socket. It runs again in
 * every worker thread. It opens no port, prints nothing and keeps nothing alive; where it was not started by the lab it
 * does nothing.
 */
import { isMainThread } from 'node:worker_threads';
import { AGENT_ENVIRONMENT_VARIABLE, type AgentSettings } from './agent-protocol.ts';
import { ipcLink } from './ipc-link.ts';
import { runMainAgent } from './main-agent.ts';
import { isPackageRunner } from './package-runners.ts';
import { socketLink } from './socket-link.ts';
import { runWorkerAgent } from './worker-agent.ts';

const text = process.env[AGENT_ENVIRONMENT_VARIABLE];
const settings = text === undefined ? null : (JSON.parse(text) as AgentSettings);

const mayBeProfiled = settings === null || settings.socketPath !== null || settings.labPid === process.ppid;

// A worker that was given an environment of its own has no settings and still takes part.
if (!isMainThread && mayBeProfiled) runWorkerAgent(settings);
else if (isMainThread && mayBeProfiled && settings !== null && !isPackageRunner(process.argv[1])) {
  const { socketPath } = settings;
  // Awaited, so that the lab knows of this process before its first statement.
  const link = socketPath !== null ? await socketLink(socketPath) : process.send ? ipcLink() : null;
  if (link !== null) runMainAgent(settings, link);
}
