/**
 * The few calls of the C library that batched sockets need, through koffi. Linux on 64-bit little-endian machines:
 * the constants are those of `asm-generic`, the structures those of message-ring.ts.
 */
import { constants } from 'node:os';

const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x80000;
/** As an order to a receive: tell a datagram's whole length, also where the buffer holds less of it. */
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;
const POLLOUT = 4;
/** `<linux/prctl.h>` */
const PR_SET_TIMERSLACK = 29;
const RECEIVE_FLAGS = MSG_DONTWAIT | MSG_TRUNC;

/** Socket options as (level, name) pairs, from Linux `<asm-generic/socket.h>` and `<linux/in6.h>`. */
export const SocketOption = {
  reuseAddress: [1, 2],
  reusePort: [1, 15],
  detachFilter: [1, 27],
  sendBuffer: [1, 7],
  receiveBuffer: [1, 8],
  sendBufferForce: [1, 32],
  receiveBufferForce: [1, 33],
  ipv6Only: [41, 26],
} as const;
export type SocketOption = (typeof SocketOption)[keyof typeof SocketOption];

/** Options that take a classic BPF program: one that judges what a socket gets, one that chooses a socket of a group. */
export const ProgramOption = { filter: 26, steering: 51 } as const;
type ProgramOption = (typeof ProgramOption)[keyof typeof ProgramOption];

const SOL_SOCKET = 1;
const SO_MEMINFO = 55;
/** Index of the drop counter in what SO_MEMINFO gives: `SK_MEMINFO_DROPS` of `<linux/sock_diag.h>`. */
const MEMINFO_DROPS = 8;
const MEMINFO_WORDS = 9;

/** `F_DUPFD_CLOEXEC` of `<linux/fcntl.h>`. */
const DUPLICATE_CLOEXEC = 1030;
/** `sizeof (struct sock_fprog)`, and where its pointer stands. */
const PROGRAM_HEAD_BYTES = 16;
const PROGRAM_POINTER_AT = 8;
const INSTRUCTION_BYTES = 8;

const ARCHITECTURES: readonly string[] = ['x64', 'arm64', 'riscv64', 'loong64'];

/** Calls that fail return the negative errno; none of them waits unless its name says so. */
export interface Libc {
  /** A UDP socket, not blocking, closed on exec. */
  openSocket(addressFamily: number): number;
  closeSocket(fd: number): void;
  /** Another descriptor of the same socket, closed on exec. */
  duplicate(fd: number): number;
  bind(fd: number, socketAddress: Uint8Array, lengthBytes: number): number;
  /** Writes the socket's own address into `target`, which has room for the longest. */
  getAddress(fd: number, target: Uint8Array): number;
  /** Hands the kernel a classic BPF program, 8 bytes an instruction; it keeps a copy. */
  attachProgram(fd: number, option: ProgramOption, program: Uint8Array): number;
  setOption(fd: number, option: SocketOption, value: number): number;
  getOption(fd: number, option: SocketOption): number;
  /** Datagrams dropped at the socket since it was opened; negative errno before Linux 4.12. */
  getDrops(fd: number): number;
  /** recvmmsg(2) into `count` headers; a datagram that was cut has its whole length in its header. */
  recvmmsg(fd: number, headerAddress: number, count: number): number;
  /** sendmmsg(2) from `count` headers. */
  sendmmsg(fd: number, headerAddress: number, count: number): number;
  /** poll(2) until there is room to send, at most that long. */
  waitWritable(fd: number, timeoutMs: number): void;
  /**
   * ppoll(2): waits until one of `count` descriptors can be read, or the time is over.
   *
   * @param entriesAddress - of `struct pollfd`s
   * @param timeoutAddress - of a `struct timespec`
   */
  waitReadable(entriesAddress: number, count: number, timeoutAddress: number): void;
  /** prctl(2): how late the kernel may end the waits of the calling thread; its default is 50 us. */
  setTimerSlack(slackNs: number): void;
  /** Where the bytes lie. They stay there as long as the caller holds on to them. */
  addressOf(bytes: Uint8Array): number;
}

/** The library, or why there is none. */
export type LibcOrReason = { readonly libc: Libc } | { readonly reason: string };

let loading: Promise<LibcOrReason> | undefined;

/** Loads koffi and the C library on the first call; later calls get the same answer. Never throws. */
export function loadLibc(): Promise<LibcOrReason> {
  loading ??= loadOnce();
  return loading;
}

async function loadOnce(): Promise<LibcOrReason> {
  if (process.platform !== 'linux' || !ARCHITECTURES.includes(process.arch)) {
    return {
      reason: `recvmmsg and sendmmsg are used on Linux (${ARCHITECTURES.join(', ')}), this is ${process.platform} ${process.arch}`,
    };
  }
  try {
    return { libc: bindFunctions(await import('koffi')) };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { reason: `the optional package koffi does not load: ${text.split('\n', 1)[0]}` };
  }
}

function bindFunctions(koffi: typeof import('koffi')): Libc {
  // null is the process itself: Node is linked with the C library, whichever it is (glibc, musl).
  const library = koffi.load(null);
  const socket = library.func('int socket(int, int, int)');
  const close = library.func('int close(int)');
  const bind = library.func('int bind(int, void *, uint32_t)');
  const fcntl = library.func('int fcntl(int, int, ...)');
  const getsockname = library.func('int getsockname(int, void *, void *)');
  const setsockopt = library.func('int setsockopt(int, int, int, void *, uint32_t)');
  const getsockopt = library.func('int getsockopt(int, int, int, void *, void *)');
  const recvmmsg = library.func('int recvmmsg(int, uintptr_t, uint32_t, int, uintptr_t)');
  const sendmmsg = library.func('int sendmmsg(int, uintptr_t, uint32_t, int)');
  const poll = library.func('int poll(void *, unsigned long, int)');
  const ppoll = library.func('int ppoll(uintptr_t, unsigned long, uintptr_t, uintptr_t)');
  const prctl = library.func('int prctl(int, ...)');
  // It returns its first argument: with no bytes to move, the address and nothing else.
  const memmove = library.func('uintptr_t memmove(void *, void *, size_t)');

  function orErrno(result: number): number {
    return result < 0 ? -koffi.errno() : result;
  }

  return {
    openSocket(addressFamily) {
      return orErrno(socket(addressFamily, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    },
    closeSocket(fd) {
      close(fd);
    },
    bind(fd, socketAddress, lengthBytes) {
      return orErrno(bind(fd, socketAddress, lengthBytes));
    },
    duplicate(fd) {
      return orErrno(fcntl(fd, DUPLICATE_CLOEXEC, 'int', 0));
    },
    getAddress(fd, target) {
      return orErrno(getsockname(fd, target, Uint32Array.of(target.byteLength)));
    },
    attachProgram(fd, option, program) {
      const head = new Uint8Array(PROGRAM_HEAD_BYTES);
      const view = new DataView(head.buffer);
      view.setUint16(0, program.byteLength / INSTRUCTION_BYTES, true);
      view.setBigUint64(PROGRAM_POINTER_AT, BigInt(memmove(program, program, 0)), true);
      return orErrno(setsockopt(fd, SOL_SOCKET, option, head, head.byteLength));
    },
    setOption(fd, [level, name], value) {
      return orErrno(setsockopt(fd, level, name, Int32Array.of(value), 4));
    },
    getOption(fd, [level, name]) {
      const value = new Int32Array(1);
      const result = orErrno(getsockopt(fd, level, name, value, Uint32Array.of(4)));
      return result < 0 ? result : (value[0] as number);
    },
    getDrops(fd) {
      const info = new Uint32Array(MEMINFO_WORDS);
      const lengthBytes = Uint32Array.of(info.byteLength);
      const result = orErrno(getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, lengthBytes));
      if (result < 0) {
        return result;
      }
      return lengthBytes[0] === info.byteLength ? (info[MEMINFO_DROPS] as number) : -constants.errno.ENOTSUP;
    },
    recvmmsg(fd, headerAddress, count) {
      return orErrno(recvmmsg(fd, headerAddress, count, RECEIVE_FLAGS, 0));
    },
    sendmmsg(fd, headerAddress, count) {
      return orErrno(sendmmsg(fd, headerAddress, count, MSG_DONTWAIT));
    },
    waitWritable(fd, timeoutMs) {
      // struct pollfd: int fd; short events; short revents.
      poll(Int32Array.of(fd, POLLOUT), 1, timeoutMs);
    },
    waitReadable(entriesAddress, count, timeoutAddress) {
      ppoll(entriesAddress, count, timeoutAddress, 0);
    },
    setTimerSlack(slackNs) {
      prctl(PR_SET_TIMERSLACK, 'unsigned long', slackNs);
    },
    addressOf(bytes) {
      return memmove(bytes, bytes, 0);
    },
  };
}
