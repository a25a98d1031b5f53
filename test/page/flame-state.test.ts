import { describe, expect, it } from 'vitest';
import { CallTree as TreeBuilder } from '../../src/analyze/page/call-tree.ts';
import { encodeTree } from '../../src/analyze/page/encode-tree.ts';
import {
  type CallTree,
  calleesOf,
  callersOf,
  decodeTree,
  functionCosts,
  invertTree,
} from '../../src/page/flame/call-tree.ts';
import { FlameState } from '../../src/page/flame/flame-state.ts';
import { layoutSandwich, layoutTree } from '../../src/page/flame/layout.ts';
import { matchedFunctions, matchedShare, matcherOf } from '../../src/page/flame/search.ts';
import type { FlameData } from '../../src/page-data.ts';
import { drawProfile } from '../analyze/profile/draw-profile.ts';

function graphOf(drawing: string): FlameData {
  const profile = drawProfile(drawing);
  const tree = new TreeBuilder(1);
  tree.add(profile, [{ from: 0, to: 0 }]);
  return {
    id: 'cpu',
    label: 'CPU',
    file: 'cpu.pb.gz',
    about: '',
    valueTypes: profile.valueTypes,
    defaultValue: 0,
    ...encodeTree(tree, { mostBytes: 1e6, columnsBefore: 0 }),
    differential: null,
  };
}

function linesOf(data: FlameData, tree: CallTree): string[] {
  return Array.from(tree.functionOf, (owner, node) => {
    const name = owner < 0 ? 'all' : data.texts[data.functions.name[owner] as number];
    return `${'.'.repeat(tree.depth[node] as number)}${name} ${tree.total[node]}`;
  });
}

const graph = graphOf(`
  1        2        4        8
  main@m   main@m   main@m   main@m
  a@a      b@b      b@b      idle@i
  x@x      x@x      y@y
`);
const tree = decodeTree(graph, 0);
const ownerOf = (name: string): number => new FlameState(graph).find(name, '');

describe('the trees of a flame graph', () => {
  it('has totals from the root down', () => {
    expect(linesOf(graph, tree)).toEqual([
      'all 15',
      '.main 15',
      '..idle 8',
      '..b 6',
      '...y 4',
      '...x 2',
      '..a 1',
      '...x 1',
    ]);
  });

  it('stands on its head when inverted: own costs first, callers below', () => {
    expect(linesOf(graph, invertTree(tree))).toEqual([
      'all 15',
      '.idle 8',
      '..main 8',
      '.y 4',
      '..b 4',
      '...main 4',
      '.x 3',
      '..b 2',
      '...main 2',
      '..a 1',
      '...main 1',
    ]);
  });

  it('tells who calls a function and what it calls', () => {
    expect(linesOf(graph, callersOf(tree, ownerOf('x')))).toEqual([
      'x 3',
      '.b 2',
      '..main 2',
      '.a 1',
      '..main 1',
    ]);
    expect(linesOf(graph, calleesOf(tree, ownerOf('b')))).toEqual(['b 6', '.y 4', '.x 2']);
  });

  it('counts a recursion once', () => {
    const recursive = graphOf(`
      3      5
      a@a    a@a
      b@b    a@a
      a@a
    `);
    const own = decodeTree(recursive, 0);
    const cost = functionCosts(own).find(
      ({ owner }) => recursive.texts[recursive.functions.name[owner] as number] === 'a',
    );
    expect(cost).toMatchObject({ self: 8, total: 8 });
    expect(linesOf(recursive, calleesOf(own, cost?.owner ?? -1))[0]).toBe('a 8');
  });
});

describe('the search', () => {
  it('adds up the outermost matches only', () => {
    const share = (text: string): number => {
      const matcher = matcherOf(text);
      return matcher === null ? -1 : matchedShare(tree, matchedFunctions(graph, matcher));
    };
    expect(share('x')).toBeCloseTo(3 / 15);
    expect(share('main')).toBe(1);
    expect(share('/^[xy]$/')).toBeCloseTo(7 / 15);
    expect(share('"mai"')).toBe(0);
    expect(share('  ')).toBe(-1);
    expect(share('/(/')).toBe(-1);
  });
});

describe('the layout', () => {
  it('gives what is zoomed at the whole width and leaves its callers above it', () => {
    const node = Array.from(tree.functionOf).indexOf(ownerOf('b'));
    const boxes = layoutTree(tree, node, 600).boxes.map((box) => {
      const [name] = (linesOf(graph, tree)[box.node] as string).replaceAll('.', '').split(' ');
      return `${name} ${box.row} ${box.x} ${box.width}${box.isContext ? ' context' : ''}`;
    });
    expect(boxes).toEqual([
      'main 1 0 600 context',
      'all 0 0 600 context',
      'b 2 0 600',
      'y 3 0 400',
      'x 3 400 200',
    ]);
  });

  it('leaves out what is narrower than a pixel', () => {
    expect(layoutTree(tree, 0, 6).boxes.length).toBeLessThan(layoutTree(tree, 0, 600).boxes.length);
  });

  it('puts callers above the middle of a sandwich and callees below', () => {
    const { boxes, rows } = layoutSandwich(callersOf(tree, ownerOf('b')), calleesOf(tree, ownerOf('b')), 600);
    expect(rows).toBe(3);
    expect(boxes.map(({ row, width }) => `${row} ${width}`)).toEqual(['0 600', '1 600', '2 400', '2 200']);
  });
});

describe('the state of a graph', () => {
  it('zooms at the costliest call of a function and starts a sandwich with the costliest function', () => {
    const state = new FlameState(graph);
    state.zoomAt(ownerOf('x'));
    expect(linesOf(graph, tree)[state.zoom]).toBe('...x 2');
    state.setMode('sandwich');
    expect(state.middle).toBe(ownerOf('idle'));
  });

  it('finds a function by its name and its file', () => {
    const state = new FlameState(graph);
    expect(state.find('x', 'x')).toBe(ownerOf('x'));
    expect(state.find('x', 'other.ts')).toBe(-1);
  });
});
