// Judges what `npm audit --json` printed: node check-audit.mjs AUDIT.json [EXPLAINED.json [TODAY [SECURITY.md]]].
//
// EXPLAINED.json (default: audit-explained.json beside this file) lists findings that were looked at:
// {"advisory": "GHSA-…", "package": "name", "reason": "why it does no harm here", "expires": "YYYY-MM-DD"}. Each one needs a
// reason and a date, at which it has to be looked at anew; SECURITY.md (default: docs/security.md) names it too.
// Ends with 0: no finding but explained ones; 1: others, or explanations that are out of date, of nothing or not in
// docs/security.md; 3: the registry has no audit service, so nothing is known.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const beside = (name) => fileURLToPath(new URL(name, import.meta.url));
const [
  auditFile,
  explainedFile = beside('audit-explained.json'),
  today = new Date().toISOString().slice(0, 10),
  securityFile = beside('../docs/security.md'),
] = process.argv.slice(2);
const audit = parsed(readFileSync(auditFile, 'utf8'));
const explained = JSON.parse(readFileSync(explainedFile, 'utf8'));
const security = readFileSync(securityFile, 'utf8');

const problems = [];
for (const { advisory, package: name, reason, expires } of explained) {
  if (!/^GHSA(?:-\w{4}){3}$/.test(advisory ?? '') || !name)
    problems.push(`an explanation without advisory or package: ${advisory}`);
  else if ((reason ?? '').length < 20) problems.push(`${advisory} is explained without a reason`);
  else if (!/^\d{4}-\d\d-\d\d$/.test(expires ?? '')) problems.push(`${advisory} is explained without an end`);
  else if (expires < today)
    problems.push(`the explanation of ${advisory} ended on ${expires}: look at it anew`);
  else if (!security.includes(advisory)) problems.push(`${advisory} is not in docs/security.md`);
}

const counts = audit.metadata?.vulnerabilities;
if (counts === undefined) {
  const reason = audit.message ?? audit.error?.summary ?? 'it printed nothing that can be read';
  console.log(`NOT CHECKED: the registry could not be asked (${String(reason).slice(0, 200)})`);
  process.exitCode = 3;
} else {
  const found = new Map();
  for (const { via } of Object.values(audit.vulnerabilities)) {
    // A name stands for the advisories of that package, which are listed there.
    for (const one of via) if (typeof one === 'object') found.set(keyOf(advisoryOf(one), one.name), one);
  }
  for (const [key, { title, severity, name }] of found) {
    const why = explained.find((one) => keyOf(one.advisory, one.package) === key);
    if (why === undefined) problems.push(`${key} (${severity}): ${title ?? name}`);
    else console.log(`explained until ${why.expires}: ${key}: ${why.reason}`);
  }
  for (const { advisory, package: name } of explained) {
    if (!found.has(keyOf(advisory, name)))
      problems.push(`${advisory} of ${name} is explained and not found any more`);
  }
  if (found.size === 0 && counts.total > 0) problems.push(`${counts.total} findings without an advisory`);
  if (found.size === 0 && counts.total === 0) console.log('no finding');
}
for (const problem of problems) console.log(`FAIL ${problem}`);
if (problems.length > 0) process.exitCode = 1;

function parsed(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

function advisoryOf({ url, source }) {
  return /GHSA(?:-\w{4}){3}/.exec(url ?? '')?.[0] ?? `advisory ${source}`;
}

function keyOf(advisory, name) {
  return `${advisory} in ${name}`;
}
