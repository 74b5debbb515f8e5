// Weights of a metric under a filter: samples of one thread, state, activity, of coroutines that run one function, of
// one stretch of time.
import { takeZeros } from './buffers';
import type { Metric, Samples } from './page';

export interface Filter {
    thread?: number; // tid
    state?: number;
    what?: string;
    coroutine?: number; // row of functions + 1; 0: outside of all
    instance?: number; // one coroutine
    from?: number; // ns since process start
    to?: number;
}

export function isFiltered(f: Filter): boolean {
    return Object.values(f).some(v => v !== undefined);
}

/** By row: 1 where it passes, whatever its time.  Column by column: a row is looked at in as many as are asked for. */
function wantedRows(metric: Metric, { rows, threads, what }: Samples, f: Filter): Uint8Array {
    const wanted = new Uint8Array(rows.n).fill(1);
    const only = (column: ArrayLike<number>, value: number | undefined) => {
        if (value === undefined) return;
        for (let r = 0; r < rows.n; r++) if (column[r] !== value) wanted[r] = 0;
    };
    only(rows.metric, metric.index);
    only(rows.thread, f.thread === undefined ? undefined : threads.findIndex(t => t.tid === f.thread));
    only(rows.state, f.state);
    only(rows.what, f.what === undefined ? undefined : what.indexOf(f.what));
    only(rows.coroutine, f.coroutine);
    only(rows.instance, f.instance);
    return wanted;
}

/**
 * By base node.  Without a filter (or where none is possible): the metric's own weights; else a buffer of the caller's
 * (model/buffers).
 */
export function baseWeights(metric: Metric, samples: Samples | null, f: Filter): Float64Array {
    if (!samples || !metric.sampled || !isFiltered(f)) return metric.self;
    const { rows, log } = samples;
    const out = takeZeros(metric.stacks.n);
    const wanted = wantedRows(metric, samples, f);
    if (f.from === undefined && f.to === undefined) {
        for (let r = 0; r < rows.n; r++) if (wanted[r]) out[rows.node[r]!]! += rows.weight[r]!;
        return out;
    }
    if (!log) return out;
    const { node } = rows;
    const all = !wanted.includes(0); // of a million entries a look each
    const [first, last] = bucketRange(samples, f.from, f.to);
    const period = samples.periodNs[metric.index] ?? 0;
    for (let e = log.start[first]!; e < log.start[last]!; e++) {
        const r = log.row[e]!;
        if (all || wanted[r]) out[node[r]!]! += log.periods[e]! * period;
    }
    return out;
}

/** Buckets [first, last) that a stretch of time touches. */
export function bucketRange(samples: Samples, from?: number, to?: number): [number, number] {
    const log = samples.log!;
    const n = log.start.length - 1;
    const first = Math.min(n, Math.max(0, Math.floor((from ?? 0) / log.bucketNs)));
    const last = to === undefined ? n : Math.min(n, Math.max(first, Math.ceil(to / log.bucketNs)));
    return [first, last];
}
