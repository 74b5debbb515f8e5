// The chain from metric and filter to weights, each link made once and kept with its stacks.
import { once, recent } from '../app/context';
import { numberOf, type Route } from '../app/route';
import { baseWeights, isFiltered, type Filter } from '../model/filter';
import { makeKeys, makeShape, weigh, type By, type Shape, type Weights } from '../model/merge';
import type { Metric, Process } from '../model/page';
import { byKey } from '../model/tree';

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

export function shapeOf(process: Process, metric: Metric, by: By): Shape {
    const keys = once(process.frames, `keys ${by}`, () => makeKeys(process.frames, by));
    return once(metric.stacks, `shape ${by}`, () => makeShape(metric.stacks, keys));
}

export function filterOf(route: Route): Filter {
    const f: Filter = {};
    const thread = numberOf(route, 'thread');
    const state = numberOf(route, 'state');
    const from = numberOf(route, 'from');
    const to = numberOf(route, 'to');
    if (thread !== undefined) f.thread = thread;
    if (state !== undefined) f.state = state;
    if (from !== undefined) f.from = from;
    if (to !== undefined) f.to = to;
    if (route.params['what']) f.what = route.params['what'];
    return f;
}

/** Weights of a metric under a filter; the last few are kept. */
export function see(process: Process, metric: Metric, by: By, filter: Filter): Seen {
    const shape = shapeOf(process, metric, by);
    const filtered = metric.sampled && isFiltered(filter);
    const key = `weights ${metric.id} ${filtered ? JSON.stringify(filter) : ''}`;
    const weights = recent(shape, key, () => weigh(shape, baseWeights(metric, process.samples, filter)));
    return { metric, shape, weights, filtered };
}

export function functionsOf(seen: Seen): { self: Float64Array; total: Float64Array } {
    return once(seen.weights, 'by key', () => byKey(seen.shape, seen.weights));
}
