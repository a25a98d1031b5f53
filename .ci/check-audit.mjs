// Judges what `npm audit --json` printed: node check-audit.mjs AUDIT.json. A registry without that service is told, not failed.
import { readFileSync } from 'node:fs';

const audit = JSON.parse(readFileSync(process.argv[2], 'utf8') || '{}');
const counts = audit.metadata?.vulnerabilities;
if (counts === undefined) {
  console.log(`not checked: ${audit.message ?? audit.error?.summary ?? 'the registry does not answer'}`);
} else if (counts.total > 0) {
  console.log(`${counts.total} findings: ${Object.keys(audit.vulnerabilities).join(', ')}`);
  process.exitCode = 1;
} else console.log('none');
