/** A frame in words, for the tooltip, the line below the graph and a screen reader. Pure. */
import type { FlameData } from '../../page-data.ts';
import { formatPercent, formatValue } from '../format-value.ts';
import { classOf, labelOf } from './draw.ts';
import type { Box } from './layout.ts';

export interface FrameWords {
  readonly name: string;
  /** `file:line`; empty where unknown. */
  readonly place: string;
  /** One fact each. */
  readonly facts: readonly string[];
}

export interface WordsContext {
  readonly data: FlameData;
  readonly valueIndex: number;
  readonly whole: number;
  readonly earlierFirst: boolean;
}

/** What is to be said of a frame. */
export function frameWords({ tree, node }: Box, context: WordsContext): FrameWords {
  const { data, valueIndex, whole, earlierFirst } = context;
  const owner = tree.functionOf[node] as number;
  const valueType = data.valueTypes[valueIndex] ?? { type: '', unit: '' };
  const total = tree.total[node] as number;
  const self = tree.self[node] as number;
  const share = (value: number): string => formatPercent(whole === 0 ? 0 : value / whole);
  const isDifferential = data.differential !== null;
  const each = isDifferential ? ' a request' : '';
  const facts = [
    owner < 0 ? '' : classOf(data, owner),
    `total ${formatValue(total, valueType)}${each} (${share(total)})`,
    `self ${formatValue(self, valueType)}${each} (${share(self)})`,
  ];
  if (isDifferential) {
    const other = tree.otherTotal?.[node] ?? 0;
    const [before, after] = earlierFirst ? [total, other] : [other, total];
    const change = after - before;
    const relative =
      before === 0 ? 'new' : `${change >= 0 ? '+' : '−'}${Math.abs((change / before) * 100).toFixed(1)} %`;
    facts.push(
      `before ${formatValue(before, valueType)}, after ${formatValue(after, valueType)}: ${relative}`,
    );
  }
  return {
    name: labelOf(data, owner),
    place: placeOf(data, owner),
    facts: facts.filter((fact) => fact !== ''),
  };
}

/** `file:line` of a function; empty where unknown. */
export function placeOf(data: FlameData, owner: number): string {
  if (owner < 0) return '';
  const file = data.texts[data.functions.file[owner] as number] as string;
  const line = data.functions.line[owner] as number;
  return file === '' || line === 0 ? file : `${file}:${line}`;
}
