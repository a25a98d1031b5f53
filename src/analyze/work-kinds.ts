/** What kind of work the functions at the leaves of a cost do, by the names that each runtime gives them. Pure. */
import type { ChargedFunction } from './cost-shares.ts';
import { ITSELF } from './cost-shares.ts';
import { EXPLAINING_SHARE } from './thresholds.ts';

export type WorkKind =
  | 'JSON'
  | 'regular expressions'
  | 'sorting'
  | 'hashing'
  | 'big integers'
  | 'text'
  | 'buffers'
  | 'maps'
  | 'objects';

/** In the order in which a name is looked up. `ITSELF` is the function's own code: what it makes there are objects. */
const kinds: readonly (readonly [WorkKind, RegExp])[] = [
  [
    'JSON',
    /^(?:JSON|Json)|^JSON\.|^(?:encoding\/)?json\.|^encoding\/json|^(?:parse|stringify)$|^cJSON_|^json_|^serde_json/,
  ],
  [
    'regular expressions',
    /^(?:\(?RegExp|RegExp)|^regexp[./]|^(?:exec|test|match|matchAll|replace|replaceAll)$|^re_|^(?:__)?reg(?:exec|comp)|^pcre/,
  ],
  ['sorting', /^(?:sort|toSorted)$|^ArraySort|^(?:slices|sort)\.|^__?q?sort|^(?:msort|qsort)/],
  [
    'hashing',
    /^(?:init|update|digest|createHmac|createHash|Hmac|Hash|hash|timingSafeEqual|randomBytes|createCipheriv)$|^crypto[./]|^(?:internal\/fips\/)?sha\d|^(?:SHA|MD5|EVP_|HMAC)/i,
  ],
  ['big integers', /^BigInt|^math\/big\.|^__gmp|^BN_/],
  [
    'buffers',
    /^(?:ArrayBuffer|SharedArrayBuffer|(?:Big)?U?[Ii]nt\d+(?:Clamped)?Array|Float\d+Array|FastBuffer|Buffer|alloc(?:Unsafe(?:Slow)?)?|allocate|createPool|createUnsafe(?:Array)?Buffer|from|fromArrayLike|copy|_copy(?:Actual)?|concat|subarray)$|^runtime\.(?:makeslice|growslice|makeslicecopy|memmove)|^bytes\./,
  ],
  [
    'text',
    /^(?:toString|slice|substring|split|join|padStart|padEnd|charCodeAt|String|normalize|localeCompare|(?:hex|latin1|utf8|ascii|base64|ucs2)(?:Slice|Write)|toLowerCase|toUpperCase|inspect|format(?:With\w+)?)$|^runtime\.(?:concatstring\w*|slicebytetostring|stringtoslicebyte|rawstring\w*)|^(?:fmt|strings|strconv)\.|^_?_?(?:v?sn?printf|strdup|strcat|strlen|strcmp)/,
  ],
  ['maps', /^(?:Map|Set|set|add|delete|WeakMap|grow)$|^runtime\.(?:map|makemap)|^internal\/runtime\/maps\./],
  [
    'objects',
    /^runtime\.(?:newobject|conv[IT]|newarray)|^(?:Object|Array|push|map|filter|concat|entries|assign)$/,
  ],
];

/** The kind of one function by its name; null where the name tells none. */
function kindOf(name: string): WorkKind | null {
  return kinds.find(([, pattern]) => pattern.test(name))?.[0] ?? null;
}

/**
 * What kind of work most of a function's cost is, by the functions at its leaves; null where no kind is the greater part.
 *
 * @param own - what the function's own code counts as; null: as no kind
 */
export function mostWork({ through }: ChargedFunction, own: WorkKind | null = null): WorkKind | null {
  const shares = new Map<WorkKind, number>();
  for (const leaf of through) {
    const kind = leaf.function === ITSELF ? own : kindOf(leaf.function);
    if (kind !== null) shares.set(kind, (shares.get(kind) ?? 0) + leaf.share);
  }
  const [most] = [...shares].sort(([a, left], [b, right]) => right - left || (a < b ? -1 : 1));
  return most === undefined || most[1] < EXPLAINING_SHARE ? null : most[0];
}
