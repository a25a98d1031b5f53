import { LabError } from '../../errors.ts';

/** The engines of load agents. */
export interface RedisPackages {
  readonly Redis: typeof import('ioredis').Redis;
  readonly bullmq: typeof import('bullmq');
}

/**
 * Loads the packages that only load agents need; nothing else in this program loads them.
 *
 * @throws LabError `PACKAGE_MISSING`
 */
export async function loadRedisPackages(): Promise<RedisPackages> {
  try {
    const [{ Redis }, bullmq] = await Promise.all([import('ioredis'), import('bullmq')]);
    return { Redis, bullmq };
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw cause;
    throw new LabError({
      code: 'PACKAGE_MISSING',
      message: `load agents need the packages bullmq and ioredis, and one is not there (${message.split('\n')[0]})`,
      hint: 'npm install bullmq ioredis, on the lab and on every agent; both are optional dependencies of tracker-lab',
      cause,
    });
  }
}
