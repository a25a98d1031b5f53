/*
 * As fast as a tracker can be: batches of datagrams in, batches out, and a reply holds no more than five peers. Asked for
 * more than the load can offer, it is the load that ends first.
 */
#include "table.h"

enum { BATCH = 64, MOST_GIVEN = 5 };

static int few_peers(const struct announce *a, uint8_t *peers, struct counts *counts) {
  struct announce modest = *a;
  if (modest.wanted > MOST_GIVEN) modest.wanted = MOST_GIVEN;
  return table_announce(&modest, peers, counts);
}

int main(void) {
  static uint8_t requests[BATCH][2048], replies[BATCH][1472];
  static struct mmsghdr in[BATCH], out[BATCH];
  static struct iovec from[BATCH], to[BATCH];
  static struct sockaddr_in peers[BATCH];
  int fd = open_socket();
  for (;;) {
    for (int i = 0; i < BATCH; i++) {
      from[i] = (struct iovec){requests[i], sizeof requests[i]};
      in[i].msg_hdr = (struct msghdr){.msg_name = &peers[i], .msg_namelen = sizeof peers[i], .msg_iov = &from[i], .msg_iovlen = 1};
    }
    int received = recvmmsg(fd, in, BATCH, MSG_WAITFORONE, NULL), given = 0;
    for (int i = 0; i < received; i++) {
      size_t length = answer(requests[i], in[i].msg_len, &peers[i], replies[given], few_peers, table_scrape);
      if (length == 0) continue;
      to[given] = (struct iovec){replies[given], length};
      out[given].msg_hdr = in[i].msg_hdr;
      out[given].msg_hdr.msg_iov = &to[given];
      given++;
    }
    for (int sent = 0; sent < given;) {
      int more = sendmmsg(fd, out + sent, (unsigned)(given - sent), 0);
      if (more <= 0) break;
      sent += more;
    }
  }
}
