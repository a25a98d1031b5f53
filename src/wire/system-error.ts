import { getSystemErrorName } from 'node:util';

/** A failed system call in the form that Node's own modules give it: `code`, negative `errno`, `syscall`. */
export function systemError(errno: number, syscall: string): NodeJS.ErrnoException {
  const code = getSystemErrorName(-errno);
  return Object.assign(new Error(`${syscall} ${code}`), { code, errno: -errno, syscall });
}
