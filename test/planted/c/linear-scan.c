/*
 * Keeps peers in linked lists, each with its address as a text, and finds a peer by looking at all of them. For the reply it
 * copies the list first.
 *
 * Planted: find_peer, a walk over the whole swarm that compares texts, byte by byte.
 */
#include "bep15.h"

struct peer {
  char name[32];
  uint8_t packed[PEER_BYTES];
  int is_seeder;
  struct peer *next;
};

struct torrent {
  uint8_t hash[20];
  struct peer *peers;
  struct counts counts;
  struct torrent *next;
};

static struct torrent *torrents;
static int walks;

static struct torrent *find_torrent(const uint8_t *hash) {
  for (struct torrent *t = torrents; t != NULL; t = t->next)
    if (memcmp(t->hash, hash, 20) == 0) return t;
  return NULL;
}

static char *write_number(char *at, unsigned number) {
  char digits[8];
  int count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while ((number /= 10) > 0);
  while (count > 0) *at++ = digits[--count];
  return at;
}

static void name_peer(char *name, const uint8_t *p) {
  for (int i = 0; i < 4; i++) {
    name = write_number(name, p[i]);
    *name++ = i < 3 ? '.' : ':';
  }
  *write_number(name, (unsigned)(p[4] << 8 | p[5])) = 0;
}

static int is_same(const char *a, const char *b) {
  while (*a != 0 && *a == *b) a++, b++;
  return *a == *b;
}

/* The link that leads to the peer; at the list's end where it is not there. */
static struct peer **find_peer(struct torrent *t, const char *name) {
  struct peer **link = &t->peers;
  while (*link != NULL && !is_same((*link)->name, name)) link = &(*link)->next;
  return link;
}

static int announce(const struct announce *a, uint8_t *peers, struct counts *counts) {
  struct torrent *t = find_torrent(a->info_hash);
  if (t == NULL) {
    t = calloc(1, sizeof *t);
    memcpy(t->hash, a->info_hash, 20);
    t->next = torrents;
    torrents = t;
  }
  char name[32];
  name_peer(name, a->peer);
  struct peer **link = find_peer(t, name);
  for (int again = 1; again < walks; again++) link = find_peer(t, name);
  struct peer *peer = *link;
  if (a->event == STOPPED) {
    if (peer != NULL) {
      *link = peer->next;
      if (peer->is_seeder) t->counts.seeders--;
      else t->counts.leechers--;
      free(peer);
    }
  } else {
    if (peer == NULL) {
      peer = calloc(1, sizeof *peer);
      strcpy(peer->name, name);
      memcpy(peer->packed, a->peer, PEER_BYTES);
      *link = peer;
      t->counts.leechers++;
    }
    if (a->event == COMPLETED) t->counts.completed++;
    if (peer->is_seeder != a->is_seeder) {
      t->counts.seeders += a->is_seeder ? 1 : -1;
      t->counts.leechers -= a->is_seeder ? 1 : -1;
      peer->is_seeder = a->is_seeder;
    }
  }
  int written = 0;
  for (struct peer *p = t->peers; p != NULL && written < a->wanted; p = p->next) {
    if (memcmp(p->packed, a->peer, PEER_BYTES) == 0) continue;
    struct peer *copy = malloc(sizeof *copy);
    memcpy(copy, p, sizeof *copy);
    memcpy(peers + written++ * PEER_BYTES, copy->packed, PEER_BYTES);
    free(copy);
  }
  *counts = t->counts;
  return written;
}

static struct counts scrape(const uint8_t *hash) {
  struct torrent *t = find_torrent(hash);
  return t == NULL ? (struct counts){0} : t->counts;
}

int main(void) {
  static uint8_t request[2048], reply[2048];
  double scale = plant_scale();
  int fd = open_socket();
  /* Twice: once to see whether it is there, once to have its place. */
  walks = (int)(2 * scale);
  for (;;) {
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    ssize_t length = recvfrom(fd, request, sizeof request, 0, (struct sockaddr *)&from, &size);
    if (length < 0) continue;
    size_t given = answer(request, (size_t)length, &from, reply, announce, scrape);
    if (given > 0) sendto(fd, reply, given, 0, (struct sockaddr *)&from, size);
  }
}
