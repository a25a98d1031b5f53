import { readFileSync } from 'node:fs';
import os from 'node:os';
import { gunzipSync } from 'node:zlib';

/**
 * Whether this kernel books the time of interrupts on the processes that they interrupt, beside counting it apart.
 *
 * @returns null where the kernel's configuration cannot be read
 */
export function interruptsBookedOnProcesses(): boolean | null {
  return parseInterruptAccounting(readKernelConfig());
}

/** Kernels with CONFIG_IRQ_TIME_ACCOUNTING book it apart only. Null where the text does not tell. */
export function parseInterruptAccounting(config: string): boolean | null {
  if (/^CONFIG_IRQ_TIME_ACCOUNTING=y$/m.test(config)) return false;
  return /^# CONFIG_IRQ_TIME_ACCOUNTING is not set$/m.test(config) ? true : null;
}

function readKernelConfig(): string {
  try {
    return gunzipSync(readFileSync('/proc/config.gz')).toString('latin1');
  } catch {
    // Built without CONFIG_IKCONFIG_PROC; distributions keep a copy.
  }
  try {
    return readFileSync(`/boot/config-${os.release()}`, 'latin1');
  } catch {
    return '';
  }
}
