/* BEP 15 for the planted C trackers: a socket, requests and replies. Each program brings its own swarms. */
#ifndef BEP15_H
#define BEP15_H
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { CONNECT = 0, ANNOUNCE = 1, SCRAPE = 2 };
enum { COMPLETED = 1, STOPPED = 3 };
enum { MOST_WANTED = 80, PEER_BYTES = 6 };

struct announce {
  const uint8_t *info_hash;
  uint8_t peer[PEER_BYTES]; /* address and port as they go on the wire */
  int is_seeder;
  uint32_t event;
  int wanted;
};

struct counts {
  uint32_t seeders, completed, leechers;
};

static inline uint32_t read32(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, 4);
  return ntohl(value);
}

static inline void write32(uint8_t *at, uint32_t value) {
  value = htonl(value);
  memcpy(at, &value, 4);
}

static inline double plant_scale(void) {
  const char *text = getenv("PLANT_SCALE");
  return text == NULL ? 1 : atof(text);
}

/* Serves PORT of 127.0.0.1; ends the program where it cannot. */
static inline int open_socket(void) {
  const char *port = getenv("PORT");
  int fd = socket(AF_INET, SOCK_DGRAM, 0), size = 4 << 20;
  struct sockaddr_in self = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port == NULL ? "0" : port))};
  self.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  if (fd < 0 || bind(fd, (struct sockaddr *)&self, sizeof self) != 0) {
    perror("cannot serve");
    exit(1);
  }
  printf("serving udp://127.0.0.1:%s\n", port);
  fflush(stdout);
  return fd;
}

static inline uint32_t connection_id(const struct sockaddr_in *from) {
  return (from->sin_addr.s_addr * 2654435761u) | 1;
}

/* Fills an announce from a datagram of at least 98 bytes. */
static inline struct announce read_announce(const uint8_t *request, const struct sockaddr_in *from) {
  struct announce a = {.info_hash = request + 16, .event = read32(request + 80)};
  int wanted = (int)read32(request + 92);
  memcpy(a.peer, &from->sin_addr, 4);
  memcpy(a.peer + 4, request + 96, 2);
  a.is_seeder = read32(request + 64) == 0 && read32(request + 68) == 0;
  a.wanted = wanted < 0 ? 50 : wanted > MOST_WANTED ? MOST_WANTED : wanted;
  return a;
}

/* What a program answers: peers written (at most `wanted`) and the torrent's figures. */
typedef int (*announce_handler)(const struct announce *a, uint8_t *peers, struct counts *counts);
typedef struct counts (*scrape_handler)(const uint8_t *info_hash);

/* The reply's length; 0 where there is nothing to say. */
static inline size_t answer(const uint8_t *request, size_t length, const struct sockaddr_in *from, uint8_t *reply,
                            announce_handler on_announce, scrape_handler on_scrape) {
  if (length < 16) return 0;
  uint32_t action = read32(request + 8), id = connection_id(from);
  write32(reply, action);
  memcpy(reply + 4, request + 12, 4);
  if (action == CONNECT && read32(request) == 0x417 && read32(request + 4) == 0x27101980) {
    write32(reply + 8, id);
    write32(reply + 12, id);
    return 16;
  }
  if (read32(request) != id || read32(request + 4) != id) return 0;
  if (action == ANNOUNCE && length >= 98) {
    struct announce a = read_announce(request, from);
    struct counts counts = {0};
    int peers = on_announce(&a, reply + 20, &counts);
    write32(reply + 8, 1800);
    write32(reply + 12, counts.leechers);
    write32(reply + 16, counts.seeders);
    return 20 + (size_t)peers * PEER_BYTES;
  }
  if (action == SCRAPE && length > 16) {
    size_t written = 8;
    for (size_t at = 16; at + 20 <= length && written <= 8 + 73 * 12; at += 20, written += 12) {
      struct counts counts = on_scrape(request + at);
      write32(reply + written, counts.seeders);
      write32(reply + written + 4, counts.completed);
      write32(reply + written + 8, counts.leechers);
    }
    return written;
  }
  return 0;
}
#endif
