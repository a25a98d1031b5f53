/**
 * What a page carries for its charts and flame graphs: the JSON between `analyze`, which writes it, and `page`, which
 * draws it in a browser. Plain data; names in it are hostile text. It has no version: page and data are one file.
 */

/** Classes by which frames are coloured: those of a profile, the kernel's frames apart, and what was pruned. */
export const flameClasses = [
  'application',
  'library',
  'runtime',
  'gc',
  'allocation',
  'lock',
  'network',
  'syscall',
  'kernel',
  'idle',
  'pruned',
] as const;
export type FlameClass = (typeof flameClasses)[number];

/** Unit in which a chart's values are. Sizes are bytes; the page chooses the multiple. */
type ChartUnit = 'req/s' | 'ms' | '%' | 'bytes' | 'ms/s';

export interface ChartSeries {
  readonly label: string;
  /** One a point of the chart's `x`; null: not measured in that span. */
  readonly values: readonly (number | null)[];
  /** Draws it as a second choice: thin and dashed. */
  readonly faint?: boolean;
}

/** A chart over the run's time. */
export interface TimelineChart {
  /** Names the element that it is drawn in. */
  readonly id: string;
  readonly unit: ChartUnit;
  /** Logarithmic values; points of 0 are left out. */
  readonly logarithmic: boolean;
  /** Seconds since the run began. */
  readonly x: readonly number[];
  readonly series: readonly ChartSeries[];
}

export interface Timeline {
  readonly endS: number;
  readonly phases: readonly { readonly name: string; readonly startS: number; readonly endS: number }[];
  /** Moments at which the event loop had stood still past the limit of the rule `event-loop-stall`: the longest of them. */
  readonly stalls: readonly { readonly atS: number; readonly delayMs: number }[];
  /** All such moments, also those that are too many to be marked. */
  readonly stallCount: number;
  /** Spans of the profiled phase in which P99 was far above that of the other slices. */
  readonly slowSpans: readonly { readonly startS: number; readonly endS: number }[];
  readonly charts: readonly TimelineChart[];
}

/** Latency by percentile: `[1 / (1 - share of replies at or below), milliseconds]`, growing in both. */
export interface LatencyCurve {
  readonly label: string;
  readonly faint: boolean;
  readonly points: readonly (readonly [number, number])[];
}

/** The runs of a suite by concurrency, and the fitted curve where there is one. */
export interface Scaling {
  readonly points: readonly {
    readonly label: string;
    readonly concurrency: number;
    readonly requestsPerSecond: number | null;
    readonly p95Ms: number | null;
  }[];
  /** Requests per second by concurrency. */
  readonly fit: {
    readonly label: string;
    readonly points: readonly (readonly [number, number])[];
  } | null;
}

/** Earlier runs and this one, oldest first. */
export interface HistoryTrend {
  readonly points: readonly {
    readonly label: string;
    /** A figure changed its level with this run. */
    readonly changed: boolean;
    readonly requestsPerSecond: number | null;
    readonly p95Ms: number | null;
  }[];
}

/**
 * A call tree in columns. Nodes stand in the order of a walk from the root, the costliest child first; a node's parent is
 * the nearest one before it whose depth is one less. The root itself, which is all samples, is not among them.
 */
export interface FlameData {
  /** Kind of the profile. */
  readonly id: string;
  readonly label: string;
  /** File of the run's folder; null where the tree is of two runs. */
  readonly file: string | null;
  /** What was measured, when and by what, in one sentence. */
  readonly about: string;
  readonly valueTypes: readonly { readonly type: string; readonly unit: string }[];
  readonly defaultValue: number;
  /** Function names and file names. */
  readonly texts: readonly string[];
  readonly functions: {
    /** Index into `texts`. */
    readonly name: readonly number[];
    /** Index into `texts`; the empty text where unknown. */
    readonly file: readonly number[];
    /** Costliest line; 0 where unknown. */
    readonly line: readonly number[];
    /** Index into {@link flameClasses}. */
    readonly class: readonly number[];
  };
  readonly nodes: {
    /** Index into `functions`. */
    readonly function: readonly number[];
    /** 0 below the root. */
    readonly depth: readonly number[];
    /** `self[v][n]`: value of type `v` that node `n` has itself. */
    readonly self: readonly (readonly number[])[];
    /** The same of the earlier run; null unless the tree is of two runs. */
    readonly selfBefore: readonly (readonly number[])[] | null;
  };
  /** Nodes that stand together as `(pruned: N small frames)`; their values are in it, so totals are whole. */
  readonly prunedNodes: number;
  /** Names of the two sides of a tree of two runs, whose values are per request. */
  readonly differential: { readonly before: string; readonly after: string } | null;
}

/** Everything that a page draws. */
export interface PageData {
  readonly timeline: Timeline | null;
  readonly latency: readonly LatencyCurve[];
  readonly scaling: Scaling | null;
  readonly history: HistoryTrend | null;
  readonly flames: readonly FlameData[];
}

/** A page that draws nothing yet; pages name what they have. */
export const emptyPageData: PageData = {
  timeline: null,
  latency: [],
  scaling: null,
  history: null,
  flames: [],
};
