import type { FlameData } from '../../page-data.ts';
import { type Html, html } from './html.ts';

/** The place of the flame graphs; the page's script fills it. Without a script it names the profiles. */
export function flameSection(flames: readonly FlameData[]): Html {
  return html`<div id="flame-view">
<p>The page's script draws the flame graphs. The profiles, which <code>go tool pprof</code> opens too:</p>
<ul>${flames.map(({ label, about }) => html`<li><strong>${label}</strong>: ${about}</li>`)}</ul>
</div>`;
}
