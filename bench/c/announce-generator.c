/*
 * A load generator in C of the same shape as the lab's own: the figure that the lab's cost per request is held against.
 *
 *   announce-generator HOST PORT WINDOW SECONDS [SOCKETS [HASHES_FILE]]
 *
 * Closed loop: WINDOW clients, each with one announce (50 peers wanted) in flight, spread over SOCKETS connected sockets
 * (default 4), towards 127.0.0.0/8 each with a source address of its own. Every socket asks for a connection id first,
 * which is used to the end. Each client is in the swarms of 5 info hashes, about 100 clients a swarm, so that 50 peers can
 * be had: hashes that are made up, or the first of a file with 40 hexadecimal digits a line, for trackers that serve a
 * list only. Replies are matched by transaction id, checked for action and length, and timed into a
 * histogram with three significant digits; a request without a reply for 2 s has timed out, and its client goes on.
 * System calls take up to 64 datagrams; the clock is read once for a batch of replies and once for a batch of requests.
 *
 * Prints one line of JSON; CPU time and wall time are those of the loop, connects left out.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

enum {
  BATCH = 64,
  SLOT_BYTES = 2048,
  BUFFER_BYTES = 8 << 20,
  MOST_SOCKETS = 64,
  MOST_WINDOW = 60000,
  /* Requests that are remembered, to begin with; doubled where the oldest is still in flight when it is full. */
  FIRST_TABLE = 1 << 16,
  HASHES_A_CLIENT = 5,
  CLIENTS_A_SWARM = 100,
  MOST_HASHES = MOST_WINDOW * HASHES_A_CLIENT / CLIENTS_A_SWARM,
  ANNOUNCE_BYTES = 98,
  CONNECT_BYTES = 16,
  EXPIRY_TICK_MS = 5,
};

static const uint64_t TIMEOUT_NS = 2000000000u;

enum { PENDING = 1, ANSWERED = 2, TIMED_OUT = 3 };

/* Values below 2^11 have a bucket each; above, 2^10 buckets for every power of two: three significant digits. */
enum { SUB_BITS = 11, POWERS = 27, BUCKETS = (POWERS + 2) << (SUB_BITS - 1) };

struct client {
  uint8_t peer_id[20];
  uint32_t key;
  uint16_t port;
  uint16_t hash;
  uint32_t visit;
  uint8_t seeder;
};

struct channel {
  int fd;
  uint8_t connection_id[8];
  int queued;
  struct mmsghdr headers[BATCH];
  struct iovec parts[BATCH];
  uint8_t requests[BATCH][128];
};

static struct client clients[MOST_WINDOW];
static struct channel channels[MOST_SOCKETS];
static int channel_count;
static uint8_t hashes[MOST_HASHES][20];
static int hash_count;

static uint8_t replies[BATCH][SLOT_BYTES];
static struct mmsghdr incoming[BATCH];
static struct iovec reply_parts[BATCH];

struct request {
  uint64_t sent_ns;
  uint32_t id, client, state;
};

static struct request *table;
static uint32_t table_mask;
static uint32_t head, tail, unstamped;

static uint64_t histogram[BUCKETS];
static uint64_t sent_total, answered_total, timed_out_total, stray_total, malformed_total;

static uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void put16(uint8_t *at, uint16_t value) {
  uint16_t wire = htons(value);
  memcpy(at, &wire, sizeof wire);
}

static void put32(uint8_t *at, uint32_t value) {
  uint32_t wire = htonl(value);
  memcpy(at, &wire, sizeof wire);
}

static void put64(uint8_t *at, uint64_t value) {
  put32(at, (uint32_t)(value >> 32));
  put32(at + 4, (uint32_t)value);
}

static uint32_t get32(const uint8_t *at) {
  uint32_t wire;
  memcpy(&wire, at, sizeof wire);
  return ntohl(wire);
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static unsigned bucket_of(uint64_t value) {
  uint64_t highest = (1ull << (SUB_BITS + POWERS - 1)) - 1;
  if (value > highest) value = highest;
  int power = 63 - __builtin_clzll(value | ((1u << SUB_BITS) - 1)) - (SUB_BITS - 1);
  return (unsigned)(((unsigned)power << (SUB_BITS - 1)) + (unsigned)(value >> power));
}

static uint64_t value_at(double share) {
  uint64_t total = 0, seen = 0;
  for (unsigned bucket = 0; bucket < BUCKETS; bucket++) total += histogram[bucket];
  if (total == 0) return 0;
  uint64_t sought = (uint64_t)(share * (double)total + 0.5);
  if (sought < 1) sought = 1;
  for (unsigned bucket = 0; bucket < BUCKETS; bucket++) {
    seen += histogram[bucket];
    if (seen < sought) continue;
    if (bucket < (1u << SUB_BITS)) return bucket;
    unsigned power = (bucket >> (SUB_BITS - 1)) - 1;
    uint64_t base = bucket - (power << (SUB_BITS - 1));
    return ((base + 1) << power) - 1;
  }
  return 0;
}

static int hashes_wanted(int window) {
  int wanted = window * HASHES_A_CLIENT / CLIENTS_A_SWARM;
  return wanted > HASHES_A_CLIENT ? wanted : HASHES_A_CLIENT;
}

static void make_hashes(int wanted) {
  hash_count = wanted;
  uint32_t random = 0x9e3779b9u;
  for (int hash = 0; hash < wanted; hash++) {
    for (int byte = 0; byte < 20; byte++) {
      random = random * 1664525u + 1013904223u;
      hashes[hash][byte] = (uint8_t)(random >> 24);
    }
  }
}

static void read_hashes(const char *path, int wanted) {
  FILE *file = fopen(path, "r");
  if (file == NULL) fail(path);
  char line[256];
  hash_count = 0;
  while (hash_count < wanted && fgets(line, sizeof line, file) != NULL) {
    int bytes = 0;
    while (bytes < 20 && sscanf(line + 2 * bytes, "%2hhx", &hashes[hash_count][bytes]) == 1) bytes++;
    hash_count += bytes == 20;
  }
  fclose(file);
  if (hash_count < wanted) {
    fprintf(stderr, "%s: %d lines of 40 hexadecimal digits, this window needs %d\n", path, hash_count, wanted);
    exit(2);
  }
}

static void make_clients(int window) {
  uint32_t random = 0x2545f491u;
  for (int number = 0; number < window; number++) {
    struct client *client = &clients[number];
    snprintf((char *)client->peer_id, sizeof client->peer_id, "-TL0100-%011d", number);
    random = random * 1664525u + 1013904223u;
    client->key = random;
    client->port = (uint16_t)(1024 + number);
    client->hash = (uint16_t)((random >> 8) % (uint32_t)hash_count);
    client->seeder = number % 10 < 3;
  }
}

static void open_channel(struct channel *channel, const char *host, int port, int number) {
  struct sockaddr_in remote = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  if (inet_pton(AF_INET, host, &remote.sin_addr) != 1) {
    fprintf(stderr, "HOST is an IPv4 address\n");
    exit(2);
  }
  channel->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (channel->fd < 0) fail("socket");
  int bytes = BUFFER_BYTES;
  setsockopt(channel->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  setsockopt(channel->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  if (strncmp(host, "127.", 4) == 0) {
    struct sockaddr_in local = {.sin_family = AF_INET};
    local.sin_addr.s_addr = htonl(0x7f010001u + (uint32_t)number);
    if (bind(channel->fd, (struct sockaddr *)&local, sizeof local) < 0) fail("bind");
  }
  if (connect(channel->fd, (struct sockaddr *)&remote, sizeof remote) < 0) fail("connect");
  for (int slot = 0; slot < BATCH; slot++) {
    uint8_t *request = channel->requests[slot];
    put32(request + 8, 1);
    put32(request + 92, 50);
    channel->parts[slot] = (struct iovec){request, ANNOUNCE_BYTES};
    channel->headers[slot].msg_hdr = (struct msghdr){.msg_iov = &channel->parts[slot], .msg_iovlen = 1};
  }
}

/* Three tries of a second each. */
static void ask_connection_id(struct channel *channel, uint32_t id) {
  uint8_t request[CONNECT_BYTES], reply[SLOT_BYTES];
  put32(request, 0x417);
  put32(request + 4, 0x27101980);
  put32(request + 8, 0);
  put32(request + 12, id);
  for (int attempt = 0; attempt < 3; attempt++) {
    if (send(channel->fd, request, sizeof request, 0) < 0) continue;
    struct pollfd wait = {.fd = channel->fd, .events = POLLIN};
    while (poll(&wait, 1, 1000) == 1) {
      ssize_t length = recv(channel->fd, reply, sizeof reply, 0);
      if (length < 0) break;
      if (length >= CONNECT_BYTES && get32(reply) == 0 && get32(reply + 4) == id) {
        memcpy(channel->connection_id, reply + 8, 8);
        for (int slot = 0; slot < BATCH; slot++) memcpy(channel->requests[slot], channel->connection_id, 8);
        return;
      }
    }
  }
  fprintf(stderr, "no answer to a connect request\n");
  exit(1);
}

static void flush_channel(struct channel *channel) {
  for (int from = 0; from < channel->queued;) {
    int taken = sendmmsg(channel->fd, channel->headers + from, (unsigned)(channel->queued - from), 0);
    if (taken > 0) {
      from += taken;
    } else if (errno == EAGAIN || errno == ENOBUFS) {
      struct pollfd wait = {.fd = channel->fd, .events = POLLOUT};
      poll(&wait, 1, 10);
    } else if (errno != EINTR) {
      from++;
    }
  }
  channel->queued = 0;
}

static struct request *request_of(uint32_t id) {
  return &table[id & table_mask];
}

static void make_table(uint32_t slots) {
  struct request *old = table;
  uint32_t old_mask = table_mask;
  table = calloc(slots, sizeof *table);
  if (table == NULL) fail("calloc");
  table_mask = slots - 1;
  for (uint32_t id = tail; id != head; id++) *request_of(id) = old[id & old_mask];
  free(old);
}

/* Requests added since the last stamp are handed over now. */
static void stamp_sent(void) {
  if (unstamped == head) return;
  uint64_t now = now_ns();
  for (; unstamped != head; unstamped++) request_of(unstamped)->sent_ns = now;
}

static void send_announce(int number) {
  struct channel *channel = &channels[number % channel_count];
  if (channel->queued == BATCH) {
    stamp_sent();
    flush_channel(channel);
  }
  struct client *client = &clients[number];
  if (head - tail > table_mask) {
    while (tail != head && request_of(tail)->state != PENDING) tail++;
    if (head - tail > table_mask) make_table(2 * (table_mask + 1));
  }
  uint32_t id = head++;
  *request_of(id) = (struct request){.id = id, .client = (uint32_t)number, .state = PENDING};
  uint8_t *request = channel->requests[channel->queued++];
  unsigned visit = client->visit++;
  uint64_t size = (uint64_t)(1 + client->hash % 32) << 28;
  uint64_t done = client->seeder ? 0 : size / 100 * (visit < 100 ? visit : 100);
  put32(request + 12, id);
  memcpy(request + 16, hashes[(client->hash + visit % HASHES_A_CLIENT) % (unsigned)hash_count], 20);
  memcpy(request + 36, client->peer_id, 20);
  put64(request + 56, done);
  put64(request + 64, client->seeder ? 0 : size - done);
  put64(request + 72, client->seeder ? (uint64_t)visit << 24 : done / 4);
  put32(request + 80, visit < HASHES_A_CLIENT ? 2 : 0);
  put32(request + 88, client->key);
  put16(request + 96, client->port);
  sent_total++;
}

static void take_reply(const uint8_t *reply, size_t length, uint64_t now, int sending) {
  if (length < 8) {
    malformed_total++;
    return;
  }
  uint32_t id = get32(reply + 4);
  struct request *request = request_of(id);
  if (request->id != id || request->state != PENDING) {
    stray_total++;
    return;
  }
  request->state = ANSWERED;
  if (get32(reply) == 1 && length >= 20 && (length - 20) % 6 == 0) {
    answered_total++;
    histogram[bucket_of(now - request->sent_ns)]++;
  } else {
    malformed_total++;
  }
  if (sending) send_announce((int)request->client);
}

/* Ids are handed out in order of time, so the oldest request stands at the tail. */
static void expire(uint64_t now, int sending) {
  for (; tail != head; tail++) {
    struct request *request = request_of(tail);
    if (request->state != PENDING) continue;
    if (now - request->sent_ns < TIMEOUT_NS) return;
    request->state = TIMED_OUT;
    timed_out_total++;
    if (sending) send_announce((int)request->client);
  }
}

static void receive(struct channel *channel, int sending) {
  for (;;) {
    int received = recvmmsg(channel->fd, incoming, BATCH, MSG_DONTWAIT, NULL);
    if (received <= 0) return;
    uint64_t now = now_ns();
    for (int slot = 0; slot < received; slot++) take_reply(replies[slot], incoming[slot].msg_len, now, sending);
    stamp_sent();
    flush_channel(channel);
    if (received < BATCH) return;
  }
}

static void flush_all(void) {
  stamp_sent();
  for (int number = 0; number < channel_count; number++) flush_channel(&channels[number]);
}

static uint64_t cpu_us(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000u +
         (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

int main(int count, char **arguments) {
  int window = count > 3 ? atoi(arguments[3]) : 0;
  double seconds = count > 4 ? atof(arguments[4]) : 0;
  channel_count = count > 5 ? atoi(arguments[5]) : 4;
  if (count < 5 || window < 1 || window > MOST_WINDOW || seconds <= 0 || channel_count < 1 ||
      channel_count > MOST_SOCKETS) {
    fprintf(stderr, "usage: announce-generator HOST PORT WINDOW SECONDS [SOCKETS [HASHES_FILE]]\n");
    return 2;
  }
  if (channel_count > window) channel_count = window;
  if (count > 6) {
    read_hashes(arguments[6], hashes_wanted(window));
  } else {
    make_hashes(hashes_wanted(window));
  }
  make_clients(window);
  make_table(FIRST_TABLE);
  for (int slot = 0; slot < BATCH; slot++) {
    reply_parts[slot] = (struct iovec){replies[slot], SLOT_BYTES};
    incoming[slot].msg_hdr = (struct msghdr){.msg_iov = &reply_parts[slot], .msg_iovlen = 1};
  }
  int waker = epoll_create1(EPOLL_CLOEXEC);
  if (waker < 0) fail("epoll_create1");
  for (int number = 0; number < channel_count; number++) {
    open_channel(&channels[number], arguments[1], atoi(arguments[2]), number);
    ask_connection_id(&channels[number], 0x70000000u + (uint32_t)number);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)number};
    if (epoll_ctl(waker, EPOLL_CTL_ADD, channels[number].fd, &event) < 0) fail("epoll_ctl");
  }

  uint64_t cpu_before = cpu_us();
  uint64_t start = now_ns();
  uint64_t end = start + (uint64_t)(seconds * 1e9);
  uint64_t expired_at = start;
  for (int number = 0; number < window; number++) send_announce(number);
  flush_all();
  for (;;) {
    uint64_t now = now_ns();
    int sending = now < end;
    if (!sending && tail == head) break;
    if (now - expired_at >= EXPIRY_TICK_MS * 1000000u || !sending) {
      expired_at = now;
      expire(now, sending);
      flush_all();
    }
    struct epoll_event events[MOST_SOCKETS];
    int ready = epoll_wait(waker, events, MOST_SOCKETS, EXPIRY_TICK_MS);
    for (int index = 0; index < ready; index++) receive(&channels[events[index].data.u32], sending);
  }
  uint64_t wall = (now_ns() - start) / 1000;
  uint64_t cpu = cpu_us() - cpu_before;
  printf("{\"sent\":%llu,\"answered\":%llu,\"timedOut\":%llu,\"stray\":%llu,\"malformed\":%llu,\"cpuUs\":%llu,"
         "\"wallUs\":%llu,\"p50Ns\":%llu,\"p99Ns\":%llu}\n",
         (unsigned long long)sent_total, (unsigned long long)answered_total, (unsigned long long)timed_out_total,
         (unsigned long long)stray_total, (unsigned long long)malformed_total, (unsigned long long)cpu,
         (unsigned long long)wall, (unsigned long long)value_at(0.5), (unsigned long long)value_at(0.99));
  return 0;
}
