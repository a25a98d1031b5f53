/** The page of two runs: what a comparison says, and the flame graphs of what changed. */
import { emptyPageData } from '../../page-data.ts';
import type { ProfileKind } from '../../run.ts';
import { differentialGraphs, type FlameSide } from './flame-data.ts';
import { flameSection } from './flame-section.ts';
import { type Html, html } from './html.ts';
import { markdownToHtml } from './markdown-html.ts';
import { renderPage } from './page-shell.ts';

export interface ComparisonPageOptions {
  readonly title: string;
  /** The comparison as Markdown of this package: names in it are escaped already. Its headings begin at `##`. */
  readonly markdown: string;
  /** Likewise, of functions: their names lead into the graph of that profile. */
  readonly functions?: readonly { readonly profile: ProfileKind; readonly markdown: string }[];
  /** HTML before it, for example a verdict. */
  readonly lead?: Html;
  readonly before: FlameSide;
  readonly after: FlameSide;
}

/**
 * The whole page of a comparison. The flame graphs are per answered request; red has grown, blue has shrunk.
 *
 * @throws LabError `NOT_BUILT` where the package's page files are missing
 */
export function renderComparisonPage({
  title,
  markdown,
  functions = [],
  lead,
  before,
  after,
}: ComparisonPageOptions): string {
  const flames = differentialGraphs(before, after);
  const content = html`<h1>${title}</h1>
${lead ?? null}
<section id="comparison">${markdownToHtml(markdown)}
${functions.map((one) => html`<div data-profile="${one.profile}">${markdownToHtml(one.markdown)}</div>`)}</section>
<section id="flame"><h2>What changed, per request</h2>
${flames.length === 0 ? html`<p>The two runs share no profile.</p>` : flameSection(flames)}
</section>`;
  return renderPage({
    title,
    navigation: [
      { id: 'comparison', label: 'Comparison' },
      { id: 'flame', label: 'Flame graphs' },
    ],
    content,
    data: { ...emptyPageData, flames },
  });
}
