import { expect, it } from 'vitest';
import { parseInterruptAccounting } from '../../../src/lab/target/interrupt-accounting.ts';

it.each([
  ['CONFIG_A=y\nCONFIG_IRQ_TIME_ACCOUNTING=y\n', false],
  ['CONFIG_A=y\n# CONFIG_IRQ_TIME_ACCOUNTING is not set\n', true],
  ['CONFIG_A=y\n', null],
  ['', null],
])('reads from a kernel configuration whether interrupts are booked on processes: %j', (config, booked) => {
  expect(parseInterruptAccounting(config)).toBe(booked);
});
