/*
 * Adds up its figures in a helper process, without an end, on another core than the tracker was given. At half the cost it
 * rests as long as it worked.
 *
 * Planted: add_up, the helper.
 */
#include "table.h"
#include <sched.h>
#include <sys/prctl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

static volatile double total;

static void add_up(double busy_share) {
  cpu_set_t last;
  CPU_ZERO(&last);
  CPU_SET(sysconf(_SC_NPROCESSORS_ONLN) - 1, &last);
  sched_setaffinity(0, sizeof last, &last);
  for (;;) {
    clock_t begun = clock();
    for (int i = 0; i < 2 * 1000 * 1000; i++) total += i;
    /* Its own CPU time: waiting for the core is no work. */
    double worked = (double)(clock() - begun) * 1e6 / CLOCKS_PER_SEC;
    if (busy_share < 1) usleep((useconds_t)(worked * (1 / busy_share - 1)));
  }
}

int main(void) {
  static uint8_t request[2048], reply[2048];
  int fd = open_socket();
  pid_t parent = getpid();
  if (fork() == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent) add_up(plant_scale());
    _exit(0);
  }
  for (;;) {
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    ssize_t length = recvfrom(fd, request, sizeof request, 0, (struct sockaddr *)&from, &size);
    if (length < 0) continue;
    size_t given = answer(request, (size_t)length, &from, reply, table_announce, table_scrape);
    if (given > 0) sendto(fd, reply, given, 0, (struct sockaddr *)&from, size);
  }
}
