/* Swarms of at most 4096 torrents in hashed, fixed tables. */
#ifndef TABLE_H
#define TABLE_H
#include "bep15.h"

enum { SLOTS = 8192, MOST_PEERS = 4096 };

struct torrent {
  uint8_t hash[20];
  int is_used, count, capacity;
  struct counts counts;
  uint8_t *packed;
  uint8_t *is_seeder;
};

static struct torrent table[SLOTS];

static inline struct torrent *torrent_of(const uint8_t *hash) {
  uint32_t slot = read32(hash) % SLOTS;
  while (table[slot].is_used && memcmp(table[slot].hash, hash, 20) != 0) slot = (slot + 1) % SLOTS;
  return &table[slot];
}

static inline int place_of(const struct torrent *t, const uint8_t *peer) {
  for (int i = 0; i < t->count; i++)
    if (memcmp(t->packed + i * PEER_BYTES, peer, PEER_BYTES) == 0) return i;
  return -1;
}

static inline void grow(struct torrent *t) {
  t->capacity = t->capacity == 0 ? 16 : 2 * t->capacity;
  t->packed = realloc(t->packed, (size_t)t->capacity * PEER_BYTES);
  t->is_seeder = realloc(t->is_seeder, (size_t)t->capacity);
}

static inline int table_announce(const struct announce *a, uint8_t *peers, struct counts *counts) {
  struct torrent *t = torrent_of(a->info_hash);
  t->is_used = 1;
  memcpy(t->hash, a->info_hash, 20);
  int place = place_of(t, a->peer);
  if (a->event == STOPPED && place >= 0) {
    int last = --t->count;
    if (t->is_seeder[place]) t->counts.seeders--;
    memmove(t->packed + place * PEER_BYTES, t->packed + last * PEER_BYTES, PEER_BYTES);
    t->is_seeder[place] = t->is_seeder[last];
  } else if (a->event != STOPPED && (place >= 0 || t->count < MOST_PEERS)) {
    if (place < 0) {
      if (t->count == t->capacity) grow(t);
      place = t->count++;
      memcpy(t->packed + place * PEER_BYTES, a->peer, PEER_BYTES);
      t->is_seeder[place] = 0;
    }
    t->counts.seeders += (uint32_t)(a->is_seeder - t->is_seeder[place]);
    t->is_seeder[place] = (uint8_t)a->is_seeder;
    if (a->event == COMPLETED) t->counts.completed++;
  }
  int written = 0;
  for (int i = 0; i < t->count && written < a->wanted; i++) {
    if (memcmp(t->packed + i * PEER_BYTES, a->peer, PEER_BYTES) == 0) continue;
    memcpy(peers + written++ * PEER_BYTES, t->packed + i * PEER_BYTES, PEER_BYTES);
  }
  t->counts.leechers = (uint32_t)t->count - t->counts.seeders;
  *counts = t->counts;
  return written;
}

static inline struct counts table_scrape(const uint8_t *hash) {
  return torrent_of(hash)->counts;
}
#endif
