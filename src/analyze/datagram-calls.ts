/** Which stacks hand datagrams to the kernel or take them from it: the floor of what a UDP tracker costs. Pure. */
import type { Frame } from './profile/profile.ts';

/** By the names of V8's bindings, the C library, Go's system call wrappers and the kernel. */
const calls =
  /^(?:send6?|sendto|sendm?msg|recv(?:from|m?msg|Start)?|_*(?:GI_+|libc_)?(?:sendto|sendm?msg|recvfrom|recvm?msg|send|recv)(?:@.*)?|syscall\.(?:[sS]end|[rR]ecv)\w*|golang\.org\/x\/sys\/unix\.(?:[sS]end|[rR]ecv)\w*|_*(?:x64_|arm64_|se_|ia32_)?_*sys_+(?:sendto|sendm?msg|recvfrom|recvm?msg))$/;

/**
 * Whether a stack (leaf first) is below a call that sends or receives datagrams, as far as the application asked for it.
 * All of class `network` is: a tracker that asks others by TCP shows that in `external-wait`.
 */
export function isDatagramCall(stack: readonly Frame[]): boolean {
  for (const frame of stack) {
    if (frame.class === 'application') return false;
    if (frame.class === 'network') return true;
    if (frame.file === '' || frame.runtime !== 'v8') {
      if (calls.test(frame.functionName)) return true;
    }
  }
  return false;
}
