/**
 * Preload of a profiled Node program: `node --import file:///.../dist/lab/capture/agent.js main.js`, started by the lab
 * with an IPC channel. It runs again in every worker thread. It opens no port, prints nothing and keeps nothing alive;
 * where it was not started by the lab it does nothing.
 */
import { isMainThread } from 'node:worker_threads';
import { AGENT_ENVIRONMENT_VARIABLE, type AgentSettings } from './agent-protocol.ts';
import { runMainAgent } from './main-agent.ts';
import { runWorkerAgent } from './worker-agent.ts';

const text = process.env[AGENT_ENVIRONMENT_VARIABLE];
const settings = text === undefined ? null : (JSON.parse(text) as AgentSettings);

const startedByLab = settings === null || settings.labPid === process.ppid;

// A worker that was given an environment of its own has no settings and still takes part.
if (!isMainThread && startedByLab) runWorkerAgent(settings);
else if (isMainThread && startedByLab && settings !== null && process.send !== undefined)
  runMainAgent(settings);
