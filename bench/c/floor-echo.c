/*
 * The floor under every UDP tracker: the least that a C program can do and still answer BEP 15.
 *
 *   floor-echo PORT       listens on 127.0.0.1; port 0: the kernel chooses
 *
 * It reads and writes in batches of 64 (recvmmsg, sendmmsg) and keeps no peers: a connect gets a connection id, an
 * announce a reply of 50 made-up peers, a scrape zeros for each hash. Nothing is checked, so its cost is that of the
 * system calls and little else. Prints `listening PORT` when it serves; ends on SIGTERM.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
  BATCH = 64,
  SLOT_BYTES = 2048,
  BUFFER_BYTES = 8 << 20,
  PEERS = 50,
  SHORTEST_REQUEST = 16,
  CONNECT_REPLY = 16,
  ANNOUNCE_REPLY = 20 + 6 * PEERS,
  MOST_SCRAPED = 74,
};

enum { CONNECT = 0, ANNOUNCE = 1, SCRAPE = 2 };

static uint8_t requests[BATCH][SLOT_BYTES];
static uint8_t replies[3][BATCH][SLOT_BYTES];
static struct sockaddr_in senders[BATCH];
static struct mmsghdr incoming[BATCH], outgoing[BATCH];
static struct iovec request_parts[BATCH], reply_parts[BATCH];

static void put32(uint8_t *at, uint32_t value) {
  uint32_t wire = htonl(value);
  memcpy(at, &wire, sizeof wire);
}

static uint32_t get32(const uint8_t *at) {
  uint32_t wire;
  memcpy(&wire, at, sizeof wire);
  return ntohl(wire);
}

/* All of a reply but its transaction id is the same each time. */
static void prepare_replies(void) {
  for (int slot = 0; slot < BATCH; slot++) {
    put32(replies[CONNECT][slot], CONNECT);
    put32(replies[CONNECT][slot] + 8, 0x0f100ee0);
    put32(replies[CONNECT][slot] + 12, 0xec40f100);
    uint8_t *announce = replies[ANNOUNCE][slot];
    put32(announce, ANNOUNCE);
    put32(announce + 8, 1800);
    put32(announce + 12, PEERS);
    for (int peer = 0; peer < PEERS; peer++) {
      uint8_t *at = announce + 20 + 6 * peer;
      put32(at, 0x7f010001u + (uint32_t)peer);
      at[4] = 0x1a;
      at[5] = (uint8_t)peer;
    }
    put32(replies[SCRAPE][slot], SCRAPE);
  }
}

static int open_socket(const char *port) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    perror("socket");
    exit(1);
  }
  int bytes = BUFFER_BYTES;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof local;
  if (bind(fd, (struct sockaddr *)&local, length) < 0 ||
      getsockname(fd, (struct sockaddr *)&local, &length) < 0) {
    perror("bind");
    exit(1);
  }
  printf("listening %u\n", ntohs(local.sin_port));
  fflush(stdout);
  return fd;
}

/* Fills outgoing[slot] with the answer to request `from`; 0: there is none. */
static int answer(int from, int slot) {
  const uint8_t *request = requests[from];
  size_t length = incoming[from].msg_len;
  if (length < SHORTEST_REQUEST) return 0;
  uint32_t action = get32(request + 8);
  size_t reply_bytes;
  if (action == CONNECT) {
    reply_bytes = CONNECT_REPLY;
  } else if (action == ANNOUNCE) {
    reply_bytes = ANNOUNCE_REPLY;
  } else if (action == SCRAPE) {
    size_t hashes = (length - SHORTEST_REQUEST) / 20;
    reply_bytes = 8 + 12 * (hashes < MOST_SCRAPED ? hashes : MOST_SCRAPED);
  } else {
    return 0;
  }
  uint8_t *reply = replies[action][slot];
  memcpy(reply + 4, request + 12, 4);
  reply_parts[slot] = (struct iovec){reply, reply_bytes};
  outgoing[slot].msg_hdr = (struct msghdr){
      .msg_name = &senders[from],
      .msg_namelen = sizeof senders[from],
      .msg_iov = &reply_parts[slot],
      .msg_iovlen = 1,
  };
  return 1;
}

int main(int count, char **arguments) {
  if (count != 2) {
    fprintf(stderr, "usage: floor-echo PORT\n");
    return 2;
  }
  prepare_replies();
  int fd = open_socket(arguments[1]);
  for (int slot = 0; slot < BATCH; slot++) {
    request_parts[slot] = (struct iovec){requests[slot], SLOT_BYTES};
    incoming[slot].msg_hdr = (struct msghdr){
        .msg_name = &senders[slot], .msg_iov = &request_parts[slot], .msg_iovlen = 1};
  }
  for (;;) {
    for (int slot = 0; slot < BATCH; slot++) incoming[slot].msg_hdr.msg_namelen = sizeof senders[slot];
    int received = recvmmsg(fd, incoming, BATCH, MSG_WAITFORONE, NULL);
    if (received < 0) {
      if (errno == EINTR) continue;
      perror("recvmmsg");
      return 1;
    }
    int answers = 0;
    for (int slot = 0; slot < received; slot++) answers += answer(slot, answers);
    for (int sent = 0; sent < answers;) {
      int taken = sendmmsg(fd, outgoing + sent, (unsigned)(answers - sent), 0);
      if (taken > 0) {
        sent += taken;
      } else if (errno != EINTR) {
        sent++;
      }
    }
  }
}
