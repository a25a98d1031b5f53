import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { createCounters } from '../../src/wire/live-counters.ts';
import { MessageRing, SLOT_STRIDE } from '../../src/wire/message-ring.ts';
import { SendQueue } from '../../src/wire/send-queue.ts';

const { EAGAIN, ECONNREFUSED, EINTR, EMSGSIZE, ENOBUFS } = constants.errno;
const HEADER_BYTES = 64;
const SLOTS = 4;

/**
 * A queue whose kernel answers by script: a positive number takes up to that many, a negative one is an errno, and
 * after the script everything is taken. Datagrams are told apart by their first byte.
 */
function queueWith(script: number[]) {
  const ring = new MessageRing(SLOTS);
  ring.linkPointers(0, 0);
  const counters = createCounters(() => 0);
  const sent: number[] = [];
  const errors: number[] = [];
  const queue = new SendQueue({
    ring,
    counters,
    transmit(headerAddress, count) {
      const answer = script.shift() ?? count;
      const taken = Math.min(answer, count);
      for (let index = 0; index < taken; index++) {
        sent.push(ring.payloads[(headerAddress / HEADER_BYTES + index) * SLOT_STRIDE] as number);
      }
      return taken;
    },
    onError: (errno) => errors.push(errno),
  });
  function push(...names: number[]): void {
    for (const name of names) {
      ring.payloads[queue.nextSlot * SLOT_STRIDE] = name;
      queue.push(1);
    }
  }
  return { queue, counters, sent, errors, push };
}

describe('a send queue', () => {
  it('hands over what is queued in its order', () => {
    const { queue, counters, sent, push } = queueWith([]);
    push(1, 2, 3);
    expect(queue.flush()).toBe(true);
    expect(sent).toEqual([1, 2, 3]);
    expect(counters).toMatchObject({ sentDatagrams: 3, sendErrors: 0 });
    expect(queue.isEmpty).toBe(true);
  });

  it('sends the rest where the kernel took a part', () => {
    const { queue, sent, push } = queueWith([1, 2]);
    push(1, 2, 3, 4);
    expect(queue.flush()).toBe(true);
    expect(sent).toEqual([1, 2, 3, 4]);
  });

  it.each([
    ['EAGAIN', EAGAIN],
    ['ENOBUFS', ENOBUFS],
  ])('keeps the rest on %s, and takes more around the end of the ring', (_name, errno) => {
    const { queue, counters, sent, push } = queueWith([2, -errno]);
    push(1, 2, 3, 4);
    expect(queue.isFull).toBe(true);
    expect(queue.flush()).toBe(false);
    expect(sent).toEqual([1, 2]);
    push(5, 6);
    expect(queue.isFull).toBe(true);
    expect(queue.flush()).toBe(true);
    expect(sent).toEqual([1, 2, 3, 4, 5, 6]);
    expect(counters).toMatchObject({ sentDatagrams: 6, sendErrors: 0 });
  });

  it('tries again at once after an interruption', () => {
    const { queue, sent, errors, push } = queueWith([-EINTR, -EINTR]);
    push(1);
    expect(queue.flush()).toBe(true);
    expect(sent).toEqual([1]);
    expect(errors).toEqual([]);
  });

  it('tells news of an earlier datagram and sends the one at hand', () => {
    const { queue, counters, sent, errors, push } = queueWith([-ECONNREFUSED, 1, -ECONNREFUSED]);
    push(1, 2);
    expect(queue.flush()).toBe(true);
    expect(sent).toEqual([1, 2]);
    expect(errors).toEqual([ECONNREFUSED, ECONNREFUSED]);
    expect(counters).toMatchObject({ sentDatagrams: 2, sendErrors: 0 });
  });

  it('counts a datagram that is refused twice, and goes on with the next', () => {
    const { queue, counters, sent, errors, push } = queueWith([-ECONNREFUSED, -ECONNREFUSED]);
    push(1, 2);
    expect(queue.flush()).toBe(true);
    expect(sent).toEqual([2]);
    expect(errors).toEqual([ECONNREFUSED, ECONNREFUSED]);
    expect(counters).toMatchObject({ sentDatagrams: 1, sendErrors: 1 });
  });

  it('counts a datagram that can never be sent without a second try', () => {
    const { queue, counters, sent, errors, push } = queueWith([-EMSGSIZE]);
    push(1, 2);
    expect(queue.flush()).toBe(true);
    expect(sent).toEqual([2]);
    expect(errors).toEqual([EMSGSIZE]);
    expect(counters).toMatchObject({ sentDatagrams: 1, sendErrors: 1 });
  });

  it('gives up the oldest with the error that held it', () => {
    const { queue, counters, sent, errors, push } = queueWith([-ENOBUFS]);
    push(1, 2);
    expect(queue.flush()).toBe(false);
    queue.refuseOldest();
    expect(queue.flush()).toBe(true);
    expect(sent).toEqual([2]);
    expect(errors).toEqual([ENOBUFS]);
    expect(counters).toMatchObject({ sentDatagrams: 1, sendErrors: 1 });
  });
});
