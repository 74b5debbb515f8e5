// Weights of a metric under a filter: samples of one thread, state, activity, of coroutines that run one function, of
// one stretch of time.
import { takeZeros } from './buffers';
import { kindsOf, rowOf } from './kinds';
import { withTotals, type Shape, type Weights } from './merge';
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

/** By kind: 1 where it passes, whatever its time. */
function wantedKinds(metric: Metric, samples: Samples, f: Filter): Uint8Array {
    const { rows, threads, what } = samples;
    const kinds = kindsOf(samples);
    const thread = f.thread === undefined ? undefined : threads.findIndex(t => t.tid === f.thread);
    const doing = f.what === undefined ? undefined : what.indexOf(f.what);
    const is = (wanted: number | undefined, value: number) => wanted === undefined || wanted === value;
    return Uint8Array.from({ length: kinds.n }, (_, k) => {
        const r = rowOf(kinds, k);
        return Number(
            rows.metric[r] === metric.index &&
                is(thread, rows.thread[r]!) &&
                is(f.state, rows.state[r]!) &&
                is(doing, rows.what[r]!) &&
                is(f.coroutine, rows.coroutine[r]!) &&
                is(f.instance, rows.instance[r]!),
        );
    });
}

/** Of samples whatever their time: those of other kinds are not looked at. */
function addRows(self: Float64Array, of: Uint32Array, samples: Samples, wanted: Uint8Array): void {
    const { start, row } = kindsOf(samples);
    const { node, weight } = samples.rows;
    for (let k = 0; k < wanted.length; k++) {
        if (!wanted[k]) continue;
        for (let i = start[k]!, end = start[k + 1]!; i < end; i++) {
            const r = row[i]!;
            self[of[node[r]!]!]! += weight[r]!;
        }
    }
}

/** Of the entries of the log between two of its buckets. */
function addEntries(
    self: Float64Array,
    of: Uint32Array,
    samples: Samples,
    wanted: Uint8Array,
    { first, last, period }: { first: number; last: number; period: number },
): void {
    const { start, row, periods } = samples.log!;
    const { node } = samples.rows;
    const kind = kindsOf(samples).of;
    const all = !wanted.includes(0); // of a million entries a look each
    for (let e = start[first]!, end = start[last]!; e < end; e++) {
        const r = row[e]!;
        if (all || wanted[kind[r]!]) self[of[node[r]!]!]! += periods[e]! * period;
    }
}

/** In memory that may be given back (model/buffers). */
export function filteredWeights(shape: Shape, metric: Metric, samples: Samples, f: Filter): Weights {
    const self = takeZeros(shape.n);
    const wanted = wantedKinds(metric, samples, f);
    if (f.from === undefined && f.to === undefined) addRows(self, shape.of, samples, wanted);
    else if (samples.log) {
        const [first, last] = bucketRange(samples, f.from, f.to);
        const period = samples.periodNs[metric.index] ?? 0;
        addEntries(self, shape.of, samples, wanted, { first, last, period });
    }
    return withTotals(shape, self);
}

/** Buckets [first, last) that a stretch of time touches. */
export function bucketRange(samples: Samples, from?: number, to?: number): [number, number] {
    const log = samples.log!;
    const n = log.start.length - 1;
    const first = Math.min(n, Math.max(0, Math.floor((from ?? 0) / log.bucketNs)));
    const last = to === undefined ? n : Math.min(n, Math.max(first, Math.ceil(to / log.bucketNs)));
    return [first, last];
}
