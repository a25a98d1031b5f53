import type { ScriptPosition } from '../frame-locator.ts';

/** What V8 wrote about a piece of its code. */
export type V8Symbol =
  /** A function or the top level of a script. */
  | { readonly kind: 'script'; readonly position: ScriptPosition }
  /** Code of V8 itself, under the name that the symbol table of the node binary has for it. */
  | { readonly kind: 'builtin'; readonly name: string };

const tag = /^(Builtin|BytecodeHandler|Stub|Handler|JS|LazyCompile|Function|Script|Eval):(.*)$/s;
/** Up to Node 22 `RegExp:a+b`, later `RegExp.> src: 'a+b' flags: ''`. */
const pattern = /^RegExp(?::|\S* src: )(.*)$/s;
/**
 * Tier of the code: `~` interpreter, `^` baseline, `+` middle tier, `*` optimising compiler, with a quote where it is
 * compiled for one context.
 */
const tierMark = /^[~^+*]'?/;
const place = /^(.*):(\d+):(\d+)$/s;
/** Where the script's name begins; the function's name before it may hold blanks (`get port`). */
const scriptStart = / (?=file:\/\/|node:|\/|\[eval|evalmachine\.|wasm:|https?:)/;
/** A regular expression's text is the program's own and has any length. */
const MAX_PATTERN_LENGTH = 60;

/**
 * Reads a name of V8's perf map, such as `JS:*onMessage file:///srv/dist/main.js:12:19` or `Builtin:ArrayPush`.
 *
 * @returns null where it is not V8's
 */
export function parseV8Symbol(symbol: string): V8Symbol | null {
  const regExp = pattern.exec(symbol)?.[1];
  if (regExp !== undefined) return { kind: 'builtin', name: `RegExp:${regExp.slice(0, MAX_PATTERN_LENGTH)}` };
  const match = tag.exec(symbol);
  if (match === null) return null;
  const [, kind, text = ''] = match;
  if (kind === 'Builtin') return { kind: 'builtin', name: `Builtins_${text}` };
  if (kind === 'BytecodeHandler') return { kind: 'builtin', name: `Builtins_${text}Handler` };
  if (kind === 'Stub' || kind === 'Handler') return { kind: 'builtin', name: text };
  return { kind: 'script', position: scriptPosition(text.replace(tierMark, '')) };
}

function scriptPosition(text: string): ScriptPosition {
  const placed = place.exec(text);
  if (placed === null) return { name: text.trim(), file: '' };
  const [, subject = '', line, column] = placed;
  const start = scriptStart.exec(subject)?.index ?? subject.lastIndexOf(' ');
  return {
    name: start < 0 ? subject : subject.slice(0, start),
    file: start < 0 ? '' : subject.slice(start + 1),
    line: Number(line),
    column: Number(column),
  };
}
