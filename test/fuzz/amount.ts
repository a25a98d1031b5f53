/** `FUZZ=nightly`: the large amounts. Without it those of every test run, some seconds in all. */
export const isNightly = process.env['FUZZ'] === 'nightly';

/** How much is tried: `usual` with every test run, `nightly` where that was asked for. */
export function amount(usual: number, nightly: number): number {
  return isNightly ? nightly : usual;
}
