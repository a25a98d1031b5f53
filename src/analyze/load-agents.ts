import type { AgentRecord, Run } from '../run.ts';

/** The load agents whose slice is in no figure; none where the lab itself made the load. */
export function lostAgents({ agents }: Pick<Run, 'agents'>): readonly AgentRecord[] {
  return agents?.members.filter(({ lost }) => lost !== null) ?? [];
}

/** Whether any of the load was made on the lab's own machine, whose cores it shares with the tracker there. */
export function isLoadHere({ agents }: Pick<Run, 'agents'>): boolean {
  return agents === null || agents.members.some(({ onLabMachine }) => onLabMachine);
}
