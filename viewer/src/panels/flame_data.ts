// The chain from metric and filter to weights, each link made once and kept with its stacks.
import { numberOf, type Route } from '../app/route';
import { filteredWeights, isFiltered, type Filter } from '../model/filter';
import { giveBack } from '../model/buffers';
import { shapeOf, weigh, type By, type Shape, type Weights } from '../model/merge';
import { known, once, recent } from '../model/once';
import type { Metric, Process } from '../model/page';
import { byKey, downTree, invertTree, type Tree } from '../model/tree';

export const BYS = ['function', 'line', 'module'] as const;

export interface Seen {
    readonly metric: Metric;
    readonly shape: Shape;
    readonly weights: Weights;
    readonly filtered: boolean;
}

export const METRIC_TITLES: Record<string, string> = {
    cpu: 'CPU time',
    wall: 'time that passed (wall)',
    load: 'time to load modules',
    crossings: 'calls from Lua into C',
    'alloc-bytes': 'bytes allocated',
    'alloc-count': 'blocks allocated',
    live: 'bytes live at the end',
    'live-bytes': 'bytes live at the end',
    peak: 'bytes live at the peak',
    'peak-bytes': 'bytes live at the peak',
    leak: 'bytes never freed',
    temporary: 'blocks freed at once',
};

export function metricTitle(id: string): string {
    return METRIC_TITLES[id] ?? id.replace(/[-_]/g, ' ');
}

export function pickMetric(process: Process, id: string | undefined): Metric | null {
    return process.metrics.find(m => m.id === id) ?? process.metrics[0] ?? null;
}

export function filterOf(route: Route): Filter {
    const f: Filter = {};
    const thread = numberOf(route, 'thread');
    const state = numberOf(route, 'state');
    const from = numberOf(route, 'from');
    const to = numberOf(route, 'to');
    if (thread !== undefined) f.thread = thread;
    if (state !== undefined) f.state = state;
    const coroutine = numberOf(route, 'coroutine');
    if (coroutine !== undefined) f.coroutine = coroutine;
    const instance = numberOf(route, 'instance');
    if (instance !== undefined) f.instance = instance;
    if (from !== undefined) f.from = from;
    if (to !== undefined) f.to = to;
    if (route.params['what']) f.what = route.params['what'];
    return f;
}

/** Weights of a metric under a filter; the last few are kept. */
export function see(process: Process, metric: Metric, by: By, filter: Filter): Seen {
    const shape = shapeOf(process.frames, metric.stacks, by);
    const filtered = metric.sampled && isFiltered(filter);
    const key = `weights ${metric.id} ${filtered ? `${by} ${JSON.stringify(filter)}` : ''}`;
    const make = () =>
        filtered && process.samples
            ? filteredWeights(shape, metric, process.samples, filter)
            : weigh(shape, metric.self);
    const drop = (old: Weights) => {
        known<Tree>(old, 'up')?.release?.();
        giveBack(old.self, old.total);
    };
    const weights = recent(filtered ? process : shape, key, make, drop);
    return { metric, shape, weights, filtered };
}

/** Lua states that samples were taken in; 0 is outside of Lua. */
export function statesOf(process: Process): readonly number[] {
    const { samples } = process;
    if (!samples) return [];
    return once(samples, 'states', () => [...new Set(samples.rows.state)].sort((a, b) => a - b));
}

export function functionsOf(seen: Seen): { self: Float64Array; total: Float64Array } {
    return once(seen.weights, 'by key', () => byKey(seen.shape, seen.weights));
}

/** From callers to callees. */
export function stacksOf(seen: Seen): Tree {
    return once(seen.weights, 'down', () => downTree(seen.shape, seen.weights));
}

/** From where it was spent to the callers. */
export function invertedOf(seen: Seen): Tree {
    return once(seen.weights, 'up', () => invertTree(seen.shape, seen.weights));
}

/** Keys that have any weight, that with most of its own first. */
export function hottest(seen: Seen): readonly number[] {
    return once(seen.weights, 'hot', () => {
        const { self, total } = functionsOf(seen);
        const own: number[] = [];
        const passing: number[] = []; // far more of them than have anything of their own, where there is a filter
        for (let k = 0; k < seen.shape.keys.n; k++) if (total[k]! > 0) (self[k]! > 0 ? own : passing).push(k);
        own.sort((a, b) => self[b]! - self[a]! || a - b);
        return own.concat(passing);
    });
}
