// What threads did, by pixel column: samples of each activity in it.
import { bucketRange } from '../model/filter';
import { kindsOf, rowOf } from '../model/kinds';
import { once } from '../model/once';
import type { SampleLog, Samples } from '../model/page';

export interface Activity {
    readonly columns: number;
    readonly whatN: number;
    readonly value: Float64Array; // [column * whatN + what], periods
    readonly most: number; // largest sum of a column
}

export interface ActivityFilter {
    readonly metric: number;
    readonly thread?: number | undefined; // row of threads
    readonly state?: number | undefined;
    readonly coroutine?: number | undefined; // row of functions + 1
    readonly instance?: number | undefined;
    readonly what?: number | undefined; // of samples.what
}

/** The log without its stacks: by what was done by whom, how much of it in which bucket.  Far shorter where there are many stacks. */
interface Doings {
    readonly n: number; // kinds of doings
    readonly row: Uint32Array; // by kind: a row of the samples that is of it
    readonly start: Uint32Array; // by kind: its first entry; one more at the end
    readonly bucket: Uint32Array; // by entry, ascending within its kind
    readonly periods: Float64Array;
}

function makeDoings(samples: Samples, log: SampleLog): Doings {
    const kinds = kindsOf(samples);
    const { n } = kinds;
    const buckets = log.start.length - 1;
    const last = new Int32Array(n).fill(-1); // bucket that a kind was last seen in
    const start = new Uint32Array(n + 1);
    for (let b = 0; b < buckets; b++)
        for (let e = log.start[b]!; e < log.start[b + 1]!; e++) {
            const k = kinds.of[log.row[e]!]!;
            if (last[k] === b) continue;
            last[k] = b;
            start[k + 1]!++;
        }
    for (let k = 0; k < n; k++) start[k + 1]! += start[k]!;
    const bucket = new Uint32Array(start[n]!);
    const periods = new Float64Array(start[n]!);
    const next = start.slice();
    last.fill(-1);
    for (let b = 0; b < buckets; b++)
        for (let e = log.start[b]!; e < log.start[b + 1]!; e++) {
            const k = kinds.of[log.row[e]!]!;
            if (last[k] !== b) {
                last[k] = b;
                bucket[next[k]!++] = b;
            }
            periods[next[k]! - 1]! += log.periods[e]!;
        }
    return { n, row: Uint32Array.from({ length: n }, (_, k) => rowOf(kinds, k)), start, bucket, periods };
}

export function doingsOf(samples: Samples): Doings | null {
    const { log } = samples;
    return log && once(log, 'doings', () => makeDoings(samples, log));
}

/** The first entry in [lo, hi) that is not before BUCKET. */
function entryAt(d: Doings, lo: number, hi: number, bucket: number): number {
    while (lo < hi) {
        const mid = (lo + hi) >> 1;
        if (d.bucket[mid]! < bucket) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

/** Of the whole run, made once for each width. */
export function wholeActivity(
    samples: Samples,
    duration: number,
    columns: number,
    f: ActivityFilter,
): Activity {
    const key = `whole ${columns} ${f.metric} ${f.thread} ${f.state} ${f.coroutine} ${f.instance} ${f.what}`;
    return once(samples, key, () => layoutActivity(samples, 0, duration, columns, f));
}

/** Buckets between FROM and TO (ns), spread over COLUMNS. */
export function layoutActivity(
    samples: Samples,
    from: number,
    to: number,
    columns: number,
    f: ActivityFilter,
): Activity {
    const whatN = Math.max(1, samples.what.length);
    const value = new Float64Array(columns * whatN);
    const doings = doingsOf(samples);
    if (doings && to > from) {
        const { rows } = samples;
        const { bucketNs } = samples.log!;
        const wanted = (r: number) =>
            rows.metric[r] === f.metric &&
            (f.thread === undefined || rows.thread[r] === f.thread) &&
            (f.state === undefined || rows.state[r] === f.state) &&
            (f.coroutine === undefined || rows.coroutine[r] === f.coroutine) &&
            (f.instance === undefined || rows.instance[r] === f.instance) &&
            (f.what === undefined || rows.what[r] === f.what);
        const [first, last] = bucketRange(samples, from, to);
        const scale = columns / (to - from);
        for (let k = 0; k < doings.n; k++) {
            const row = doings.row[k]!;
            if (!wanted(row)) continue;
            const what = rows.what[row]!;
            const end = doings.start[k + 1]!;
            for (let e = entryAt(doings, doings.start[k]!, end, first); e < end; e++) {
                const b = doings.bucket[e]!;
                if (b >= last) break;
                // Each column gets the share of the bucket that lies in it.
                const x0 = Math.max(0, (b * bucketNs - from) * scale);
                const x1 = Math.min(columns, ((b + 1) * bucketNs - from) * scale);
                if (!(x1 > x0)) continue;
                const share = doings.periods[e]! / (x1 - x0);
                for (let c = Math.floor(x0); c < x1; c++)
                    value[c * whatN + what]! += share * (Math.min(x1, c + 1) - Math.max(x0, c));
            }
        }
    }
    let most = 0;
    for (let c = 0; c < columns; c++) {
        let sum = 0;
        for (let w = 0; w < whatN; w++) sum += value[c * whatN + w]!;
        most = Math.max(most, sum);
    }
    return { columns, whatN, value, most };
}
