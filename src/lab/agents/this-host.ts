import { readProc, readProcLink } from '../target/read-proc.ts';

/** What tells one host from another, for agents that run beside the lab. Each is empty where it is not known. */
export interface HostMarks {
  /** Another one at each boot of each machine; containers of a machine share it. */
  readonly machine: string;
  /** The network namespace: 127.0.0.1 is the same address within one only. */
  readonly network: string;
  /** The namespace of process ids. */
  readonly processes: string;
}

/** The marks of this process. */
export function hostMarks(): HostMarks {
  return {
    machine: readProc('/proc/sys/kernel/random/boot_id').trim(),
    network: readProcLink('/proc/self/ns/net'),
    processes: readProcLink('/proc/self/ns/pid'),
  };
}

/** Whether both are of one machine; not where either is not known. */
export function isSameMachine(one: Pick<HostMarks, 'machine'>, other: Pick<HostMarks, 'machine'>): boolean {
  return one.machine !== '' && one.machine === other.machine;
}

/** Whether 127.0.0.1 is the same place for both. */
export function sharesLoopback(one: HostMarks, other: HostMarks): boolean {
  return isSameMachine(one, other) && one.network !== '' && one.network === other.network;
}

/** Whether a process id means the same process to both. */
export function sharesProcesses(one: HostMarks, other: HostMarks): boolean {
  return isSameMachine(one, other) && one.processes !== '' && one.processes === other.processes;
}
