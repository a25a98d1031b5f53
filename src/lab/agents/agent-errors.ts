/** What the operator is told of agents that fail. */
import { ExitCode, LabError } from '../../errors.ts';

/** An agent could not open its sockets, or did not say that it had. */
export function agentNotReady(agent: string, reason: string): LabError {
  return new LabError({
    code: 'AGENT_NOT_READY',
    message: `load agent ${agent} did not get ready: ${reason}`,
    hint: 'look at what that agent says; the others wait for work again',
    exitCode: ExitCode.invalidRun,
  });
}

/** @param agents - how many the run had */
export function agentLost(agent: string, agents: number, reason: string): LabError {
  return new LabError({
    code: 'AGENT_LOST',
    message: `load agent ${agent} of ${agents} is lost (${reason})`,
    hint: 'the figures leave its slice out; look at that host, and run again',
    exitCode: ExitCode.invalidRun,
  });
}

/** @param line - what the agent says of it */
export function agentThreadDied(agent: string, line: string): LabError {
  return new LabError({
    code: 'AGENT_THREAD_DIED',
    message: `load agent ${agent} lost a thread (${line})`,
    hint: 'the figures leave its clients out; run again',
    exitCode: ExitCode.invalidRun,
  });
}
