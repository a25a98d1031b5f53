/** One self-contained file: the document around a page's content, with script, style and data in it. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { builtEntry } from '../../package-root.ts';
import type { PageData } from '../../page-data.ts';
import { embeddedJson } from './embedded-json.ts';
import { Html, html } from './html.ts';

export interface PageOptions {
  readonly title: string;
  /** Links of the bar on top: an element's id and what stands there. */
  readonly navigation: readonly { readonly id: string; readonly label: string }[];
  readonly content: Html;
  readonly data: PageData;
}

/**
 * The whole document. It asks the network for nothing and its policy forbids it: the only script and style that run are
 * those whose digests the policy names.
 *
 * @throws LabError `NOT_BUILT` where the package's page files are missing
 */
export function renderPage({ title, navigation, content, data }: PageOptions): string {
  const style = readAsset('page/page.css');
  const script = readAsset('page/page.js');
  const policy = [
    "default-src 'none'",
    `script-src ${digest(script)}`,
    `style-src ${digest(style)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="${icon}">
<style>${new Html(style)}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header class="bar">
<span class="brand">tracker-lab</span>
<nav aria-label="Sections"><ul>${navigation.map(({ id, label }) => html`<li><a href="#${id}">${label}</a></li>`)}</ul></nav>
<button type="button" id="theme" class="quiet" hidden>Theme</button>
</header>
<main id="content">
${content}
</main>
<script type="application/json" id="page-data">${new Html(embeddedJson(data))}</script>
<script>${new Html(script)}</script>
</body>
</html>
`;
  return document.markup;
}

/** A flame in three bars. */
const icon = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#d9622b" d="M1 11h14v4H1z"/><path fill="#eda12f" d="M1 6h9v4H1z"/><path fill="#3f7fb5" d="M1 1h5v4H1z"/></svg>',
)}`;

function readAsset(relative: string): string {
  return readFileSync(builtEntry(relative), 'utf8').trim();
}

function digest(content: string): string {
  return `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
}
