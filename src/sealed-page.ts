/**
 * What a page of others may do in a browser: run what is in it, and ask the network for nothing. As our own page has it, and
 * `eval`, which other tools' scripts may need.
 */
export const sealedPolicy = [
  "default-src 'none'",
  "script-src 'unsafe-inline' 'unsafe-eval'",
  "style-src 'unsafe-inline'",
  'img-src data: blob:',
  'font-src data:',
  'worker-src blob:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** The HTML of another tool's page, with a policy by which a browser makes no request for it (Google's fonts, say). Pure. */
export function sealedPage(page: string): string {
  const meta = `<meta http-equiv="Content-Security-Policy" content="${sealedPolicy}">`;
  // A policy counts from where it stands.
  return /<head\b[^>]*>/i.test(page)
    ? page.replace(/<head\b[^>]*>/i, (head) => `${head}${meta}`)
    : meta + page;
}
