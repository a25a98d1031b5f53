/**
 * The one table that says which part of a program a function belongs to, by runtime. It is data: to teach the lab
 * a function's class, add it here.
 *
 * Rules are tried in order and the first that matches wins. A rule matches where its `name`, `file` and `mapping`
 * (each optional) all match. `otherwise` is the class of what no rule names.
 */
import type { FrameClass, FrameRuntime } from './profile.ts';

interface FrameClassRule {
  readonly class: FrameClass;
  readonly name?: RegExp;
  readonly file?: RegExp;
  /** Of the path of the binary or library that holds the code. */
  readonly mapping?: RegExp;
}

interface RuntimeRules {
  readonly rules: readonly FrameClassRule[];
  readonly otherwise: FrameClass;
}

/** The lab's own preload inside a Node tracker, as source or built; its cost is the lab's, not the tracker's. */
export const labAgentFile = /(?:^|\/)(?:src|dist)\/lab\/capture\//;

/**
 * This package's own sockets: they carry datagrams between the kernel and the code that asked for it, so that who calls
 * them is the cause of what they cost. The codec of the same folder is work of its own and stays the application's.
 */
export const ownPlumbing =
  /(?:^|\/)(?:src|dist)\/wire\/(?:libc|batched-socket|dgram-socket|datagram-intake|ring-batch|message-ring|send-queue|open-(?:batched|dgram|udp)-socket)\.[jt]s$/;

/**
 * JavaScript, as V8's profilers and @datadog/pprof name it. Built-ins and native bindings have no file.
 *
 * A built-in without a file is `runtime`, also where it returns a new object (`split`, `slice`, `set`): most of its
 * time is the work that its name says. Constructors of buffers and collections are `allocation`: reserving and
 * zeroing memory is all that they do.
 */
const v8: RuntimeRules = {
  rules: [
    { class: 'gc', name: /^\(?[Gg]arbage [Cc]ollect(?:ion|or)\)?$/, file: /^$/ },
    { class: 'idle', name: /^\(idle\)$/, file: /^$/ },
    // Calls into Node-API addons, which V8 cannot tell apart.
    { class: 'library', name: /^\(native addon\)$/, file: /^$/ },
    { class: 'runtime', file: labAgentFile },
    { class: 'network', file: ownPlumbing },
    // Atomics.wait, Atomics.waitAsync and Atomics.notify: V8 leaves out the object's name.
    { class: 'lock', name: /^(?:Atomics\.)?(?:wait|waitAsync|notify)$/, file: /^$/ },
    // Methods of the udp_wrap, tcp_wrap, stream_wrap and fs bindings, and the calls that koffi makes.
    {
      class: 'syscall',
      name: /^(?:send|send6|recvStart|recvStop|bind6?|connect6?|listen|open6?|close|read|readBuffers?|readStart|readStop|write|writev|write(?:Buffers?|Latin1|Utf8|Ucs2|Ascii)(?:String)?|writeString|fstat|stat|lstat|statSync|access|existsSync|internalModuleStat|mkdir|unlink|rename|readdir|fsync|fdatasync|ftruncate|writeFileUtf8|readFileUtf8|memoryUsage|rss|resourceUsage|sendm?msg|recvm?msg|sendto|recvfrom|poll|epoll_ctl|[gs]etsockopt|getsockname|getpeername|bufferSize)$/,
      file: /^$/,
    },
    {
      class: 'allocation',
      name: /^(?:ArrayBuffer|SharedArrayBuffer|DataView|(?:Big)?U?[Ii]nt\d+(?:Clamped)?Array|Uint8ClampedArray|Float\d+Array|Array|Object|Map|Set|WeakMap|WeakSet|createUnsafeArrayBuffer|createUnsafeBuffer)$/,
      file: /^$/,
    },
    {
      class: 'allocation',
      name: /^(?:FastBuffer|Buffer|alloc|allocUnsafe|allocUnsafeSlow|allocate|createPool|createUnsafeBuffer)$/,
      file: /^node:(?:internal\/)?buffer$/,
    },
    {
      class: 'network',
      file: /^node:(?:internal\/)?(?:dgram|net|dns|tls|http2?|https|socketaddress|stream_base_commons)(?:\/|$)/,
    },
    { class: 'runtime', file: /^node:/ },
    { class: 'library', file: /(?:^|\/)node_modules\/|^wasm:/ },
    { class: 'runtime', file: /^(?:\[v8 builtin\])?$/ },
  ],
  otherwise: 'application',
};

/** Of the same, the binding of the C library. */
export const ownBinding = /(?:^|\/)(?:src|dist)\/wire\/libc\.[jt]s$/;

/** Directories of Go's standard library, as they begin an import path; none of them can be a module of one's own. */
const goStandardLibrary =
  /^(?:archive|bufio|bytes|cmp|compress|container|context|crypto|database|debug|embed|encoding|errors|expvar|flag|fmt|go|hash|html|image|index|internal|io|iter|log|maps|math|mime|net|os|path|plugin|reflect|regexp|runtime|slices|sort|strconv|strings|structs|sync|syscall|testing|text|time|unicode|unique|unsafe|vendor|weak)(?:\/[\w./-]+?)?\./;

/**
 * Go, by the qualified names of its symbol table (`net.(*UDPConn).ReadFrom`).
 *
 * `runtime.futex` and `runtime.futexwakeup` are `runtime` and not `lock`: they are how the scheduler puts threads to
 * sleep and wakes them. A contended mutex shows in `sync` and in `runtime.semacquire1`, a contended lock of the
 * runtime in `runtime.lock2`. `runtime.memclrNoHeapPointers` is `allocation`: what it clears is nearly always new memory.
 */
const go: RuntimeRules = {
  rules: [
    {
      class: 'gc',
      name: /^runtime\.(?:GC$|gc[A-Z]|gcmark|\(\*gc(?:Work|Controller|Bits)|\(\*sweep|\(\*(?:span|mark)(?:Queue|InlineMarkBits|ScanOwnership)|scan(?:object|block|stack|conservative|frame|Span|Objects?)|grey?object|greyobject|markroot|marktermination|findObject|sweepone|bgsweep|bgscavenge|deductSweepCredit|\(\*scav|pollFractionalWorkerExit|\(\*mheap\)\.nextSpanForSweep|\(\*pageAlloc\)\.scavenge|wbBuf|\(\*wbBuf\)|bulkBarrier|shade|typePointers|\(\*?typePointers\)|tryDeferToSpanScan|\(\*mspan\)\.(?:markBits|heapBitsSmallForAddr|typePointers|scan)|\(\*lfstack\)|\(\*workbuf\)|getempty|putfull|trygetfull|handoff|freeSomeWbufs|freeDeadSpanSPMCs|gcenable|stopTheWorldGC|startTheWorldGC|tracebackPCsGC)/,
    },
    { class: 'gc', name: /^gcWriteBarrier|^internal\/runtime\/gc(?:\/|\.)/ },
    {
      class: 'allocation',
      name: /^runtime\.(?:mallocgc|newobject|newarray|makeslice|growslice|makemap|makechan|persistentalloc|rawstring|rawbyteslice|rawruneslice|concatstring|concatbyte|slicebytetostring|slicerunetostring|stringtoslicebyte|stringtoslicerune|nextFreeFast|\(\*m(?:cache|central|heap)\)|\(\*fixalloc\)|\(\*pageAlloc\)|\(\*pageCache\)|\(\*mspan\)\.(?:nextFreeIndex|init|initHeapBits|writeHeapBits)|heapSetType|memclrNoHeapPointers|profilealloc|mProf_Malloc|sysAlloc|sysUsed|sysMap|deductAssistCredit|convT)/,
    },
    {
      class: 'lock',
      name: /^(?:sync|internal\/sync)\.\(\*(?:RW)?Mutex\)|^sync\.\(\*(?:WaitGroup|Cond|Once)\)|^(?:sync\.)?runtime_(?:Sem|notifyList)/,
    },
    {
      class: 'lock',
      name: /^(?:internal\/)?sync\.runtime_|^internal\/poll\.\(\*fdMutex\)|^internal\/poll\.runtime_Sem/,
    },
    {
      class: 'lock',
      name: /^runtime\.(?:lock2?|unlock2?|lockWithRank|unlockWithRank|semacquire1?|semrelease1?|procyield|osyield|mutexSampleContention|_LostContendedRuntimeLock)$|^runtime\.\(\*(?:semaRoot|rwmutex|mLockProfile)\)\./,
    },
    {
      class: 'idle',
      name: /^runtime\.(?:findRunnable|findrunnable|futexsleep|notesleep|notetsleep|notetsleep_internal|notetsleepg|stopm|gopark|mPark|netpoll|netpollblock|usleep|sysmon|pollWork|stealWork|runqsteal|runqgrab)$|^internal\/runtime\/syscall(?:\/linux)?\.EpollWait$/,
    },
    {
      class: 'syscall',
      name: /^(?:syscall|internal\/syscall\/unix|internal\/runtime\/syscall(?:\/linux)?|runtime\/internal\/syscall|golang\.org\/x\/sys\/unix)\./,
    },
    { class: 'syscall', name: /^runtime\.(?:entersyscall|exitsyscall|reentersyscall|write1$|read$|cgocall)/ },
    { class: 'network', name: /^(?:net|internal\/poll|golang\.org\/x\/net)(?:\/[\w./-]+?)?\./ },
    {
      class: 'runtime',
      name: /^(?:runtime|internal\/(?:runtime|abi|bytealg|cpu|chacha8rand))(?:\/[\w./-]+?)?\./,
    },
    { class: 'library', name: goStandardLibrary },
    { class: 'library', file: /\/pkg\/mod\/|@v\d|(?:^|\/)vendor\// },
    // The assembler's helpers have no package: memeqbody, aeshashbody, indexbytebody.
    { class: 'runtime', name: /^[^./]*$/ },
  ],
  otherwise: 'application',
};

/**
 * C, C++ and Rust, and the C++ side of Node.js as perf sees it.
 *
 * Nothing here or in the kernel's table is `idle`: perf samples the CPU time of the tracker's threads alone, so a sample in
 * `epoll_wait` is what asking for work costs, and no waiting.
 */
const native: RuntimeRules = {
  rules: [
    {
      class: 'gc',
      name: /^v8::internal::(?:.*(?:Scaveng|MarkCompact|Marking|Sweep|Evacuat|GarbageCollect|Concurrent(?:Mark|Allocator))|Heap::(?:Collect|Scavenge|MarkCompact|PerformGarbage))|^cppgc::/,
    },
    {
      class: 'allocation',
      name: /^(?:(?:__libc_|__GI___libc_|__|_int_|je_|mi_|tc_|rust_|__rust_|__rdl_)?(?:m|c|re)?alloc(?:_consolidate|_zeroed)?|(?:__libc_|_int_|__|je_|mi_|tc_|__rust_|__rdl_)?(?:free|c?free|dealloc)|posix_memalign|aligned_alloc|memalign|operator (?:new|delete)(?:\[\])?|_Zn[wa]m.*|_Zd[la]Pv.*|unlink_chunk|sysmalloc|tcache_\w+|v8::internal::(?:.*Factory::New|.*Heap::Allocate|Runtime_Allocate).*)(?:[.(@].*)?$/,
    },
    {
      class: 'lock',
      name: /^(?:__|___|__GI_)*pthread_(?:mutex|rwlock|spin|cond)_|^__lll_|^lll_|futex|^uv_(?:mutex|rwlock|sem|cond)_|^parking_lot|^std::sync::.*::lock/,
    },
    { class: 'network', name: /^uv_?_?(?:udp|tcp|stream)_|^node::(?:UDPWrap|TCPWrap|LibuvStreamWrap)/ },
    {
      class: 'syscall',
      name: /^(?:__|__GI_|__libc_)*(?:socket|send|sendto|sendm?msg|recv|recvfrom|recvm?msg|read|readv|pread64|write|writev|pwrite64|open|openat|close|fsync|fdatasync|epoll_ctl|epoll_p?wait2?|ppoll|poll|p?select|nanosleep|clock_nanosleep|usleep|sleep|sigtimedwait|accept4?|connect|ioctl|fcntl|syscall|mmap(?:64)?|munmap|madvise|brk|sbrk|clock_gettime|gettimeofday|io_uring_enter|io_uring_wait_cqes?)(?:[@.].*)?$/,
    },
    {
      class: 'runtime',
      name: /^(?:v8|node|node::|uv_|uv__|Builtins_|Builtin:|_dl_|_start$|__libc_start|clone3?$|start_thread$)/,
    },
    // OpenSSL, ICU, llhttp and the C++ library are linked into the node binary.
    { class: 'runtime', mapping: /\/node(?:js)?$/ },
    // Addresses that a walk over the stack made up.
    { class: 'runtime', name: /^\[unknown\]$/ },
    { class: 'library', mapping: /\.so(?:\.[\d.]+)?$|\/ld-|\.node$|^\[vdso\]$/ },
    // Standard libraries of C++ and Rust, which are compiled into the program, and the stubs of calls into libraries.
    { class: 'library', name: /^<*(?:&(?:mut )?)?(?:std|core|alloc)::|@plt$/ },
  ],
  otherwise: 'application',
};

/** The Linux kernel. What no rule names runs on behalf of a call or an interrupt and counts as `syscall`. */
const kernel: RuntimeRules = {
  rules: [
    {
      class: 'lock',
      name: /futex|^_raw_(?:spin|read|write)_(?:try)?lock|^native_queued_spin_lock|^queued_spin_lock|^rwsem_|^mutex_(?:lock|unlock|spin)|^__mutex_/,
    },
    // A timer's sample waits until interrupts are on again: what ran without them is booked here, whatever it was.
    { class: 'syscall', name: /^_raw_(?:spin|read|write)_unlock|^__raw_callee_save/ },
    {
      class: 'syscall',
      name: /^(?:__(?:x64_|arm64_|ia32_|se_|do_)?sys_|do_syscall|entry_SYSCALL|syscall_|x64_sys_call|el0_svc|invoke_syscall|exit_to_user|____sys_|___sys_)/,
    },
    {
      class: 'network',
      name: /^_?_?(?:udp|ip|ip6|ipv6|inet6?|sock|sk|skb|tcp|net|netif|napi|nf|nft|dev|loopback|neigh|dst|fib|raw|datagram|process_backlog|alloc_skb|kfree_skb|consume_skb|csum|security_socket)_/,
    },
    {
      class: 'network',
      name: /^(?:__)?(?:alloc_skb|build_skb|kfree_skb|consume_skb|process_backlog|enqueue_to_backlog|validate_xmit_skb|eth_type_trans|netif_rx|udpv6_\w+|ipv4_\w+|move_addr_to_kernel|do_softirq)$/,
    },
    {
      class: 'allocation',
      name: /^_?_?(?:kmalloc|kfree|kmem_cache|slab|alloc_(?:frozen_)?pages|clear_page|get_page_from_freelist)|page_fault|^handle_mm_fault|^do_anonymous_page/,
    },
  ],
  otherwise: 'syscall',
};

export const frameClassRules: Readonly<Record<FrameRuntime, RuntimeRules>> = { v8, go, native, kernel };
