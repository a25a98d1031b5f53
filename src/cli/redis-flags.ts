import { Option } from 'commander';

/** Where lab and load agents meet. */
export function redisOption(): Option {
  return new Option(
    '--redis <url>',
    'redis://[USER:PASSWORD@]HOST[:PORT][/DB], rediss:// for TLS, where lab and agents meet; ps shows a flag, not LAB_REDIS',
  );
}

export function redisCaOption(): Option {
  return new Option('--redis-ca <file>', 'certificate (PEM) of the authority that signed that of Redis');
}
