import type { Bytes } from '../../units.ts';

/** What is known of this machine and of what this process may do on it. Null: the system does not tell. */
export interface MachineReadings {
  /** For example `20.20.2`. */
  readonly nodeVersion: string;
  readonly cpuCount: number;
  /** The cores that this process may use. */
  readonly allowedCpus: readonly number[];
  /** Why taskset cannot be run; null where it can. */
  readonly tasksetObstacle: string | null;
  /** `/proc` tells about processes. */
  readonly hasProc: boolean;
  /** net.core.rmem_max. */
  readonly receiveBufferMaxBytes: Bytes | null;
  /** Why there is no batched socket; null where it can be had. */
  readonly batchedObstacle: string | null;
  /** Soft and hard limit of open files; Infinity: unlimited. */
  readonly openFiles: { readonly soft: number; readonly hard: number } | null;
  /** First line of `perf --version`; null where perf cannot be run. */
  readonly perfVersion: string | null;
  /** kernel.perf_event_paranoid. */
  readonly perfEventParanoid: number | null;
  /** Numbers of this process's effective capabilities. */
  readonly capabilities: ReadonlySet<number>;
  /** Distinct governors of the allowed cores; empty: the kernel scales no frequency, or does not tell. */
  readonly governors: readonly string[];
  /** Cores that others kept busy while this was read, 0.5 being half a core. */
  readonly othersBusyCores: number | null;
  /** `ID` and `ID_LIKE` of os-release, for example `ubuntu` and `debian`. */
  readonly distributions: readonly string[];
  readonly out: {
    /** Absolute path. */
    readonly directory: string;
    /** The directory itself, or the nearest above it that is there. */
    readonly nearest: string;
    readonly freeBytes: Bytes | null;
    /** Why nothing can be written in `nearest`; null where it can. */
    readonly obstacle: 'not writable' | 'not a folder' | null;
  };
}
