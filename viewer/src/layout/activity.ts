// What threads did, by pixel column: samples of each activity in it.
import { bucketRange } from '../model/filter';
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
    readonly what?: number | undefined; // of samples.what
}

/** The log without its stacks: by bucket, what was done by whom.  Far shorter where there are many stacks. */
interface Doings {
    readonly n: number; // kinds of doings
    readonly row: Uint32Array; // by kind: a row of the samples that is of it
    readonly start: Uint32Array; // by bucket: its first entry; one more at the end
    readonly kind: Uint32Array; // by entry
    readonly periods: Float64Array;
}

/** Rows that differ in their stack only are of one kind. */
function kindsOf({ rows }: Samples): { kind: Uint32Array; row: Uint32Array } {
    const seen = new Map<string, number>();
    const kind = new Uint32Array(rows.n);
    const first: number[] = [];
    let last = -1; // neighbours are often alike
    for (let r = 0; r < rows.n; r++) {
        const same =
            last >= 0 &&
            rows.metric[r] === rows.metric[last] &&
            rows.thread[r] === rows.thread[last] &&
            rows.state[r] === rows.state[last] &&
            rows.coroutine[r] === rows.coroutine[last] &&
            rows.what[r] === rows.what[last];
        if (same) {
            kind[r] = kind[last]!;
            continue;
        }
        last = r;
        const id = `${rows.metric[r]} ${rows.thread[r]} ${rows.state[r]} ${rows.what[r]} ${rows.coroutine[r]}`;
        let k = seen.get(id);
        if (k === undefined) {
            k = first.push(r) - 1;
            seen.set(id, k);
        }
        kind[r] = k;
    }
    return { kind, row: Uint32Array.from(first) };
}

function makeDoings(samples: Samples, log: SampleLog): Doings {
    const of = kindsOf(samples);
    const n = of.row.length;
    const buckets = log.start.length - 1;
    const most = Math.min(log.row.length, buckets * n);
    const start = new Uint32Array(buckets + 1);
    const kind = new Uint32Array(most);
    const periods = new Float64Array(most);
    const place = new Int32Array(n).fill(-1); // of a kind in the bucket that is made
    let at = 0;
    for (let b = 0; b < buckets; b++) {
        start[b] = at;
        for (let e = log.start[b]!; e < log.start[b + 1]!; e++) {
            const k = of.kind[log.row[e]!]!;
            if (place[k]! < start[b]!) {
                place[k] = at;
                kind[at++] = k;
            }
            periods[place[k]!]! += log.periods[e]!;
        }
    }
    start[buckets] = at;
    return { n, row: of.row, start, kind: kind.slice(0, at), periods: periods.slice(0, at) };
}

export function doingsOf(samples: Samples): Doings | null {
    const { log } = samples;
    return log && once(log, 'doings', () => makeDoings(samples, log));
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
        const wanted = Uint8Array.from(doings.row, r =>
            rows.metric[r] === f.metric &&
            (f.thread === undefined || rows.thread[r] === f.thread) &&
            (f.state === undefined || rows.state[r] === f.state) &&
            (f.coroutine === undefined || rows.coroutine[r] === f.coroutine) &&
            (f.what === undefined || rows.what[r] === f.what)
                ? 1
                : 0,
        );
        const [first, last] = bucketRange(samples, from, to);
        const scale = columns / (to - from);
        for (let b = first; b < last; b++) {
            // A bucket wider than a column fills all that it covers.
            const c0 = Math.max(0, Math.floor((b * bucketNs - from) * scale));
            const c1 = Math.min(columns, Math.max(c0 + 1, Math.floor(((b + 1) * bucketNs - from) * scale)));
            const share = 1 / Math.max(1, c1 - c0);
            for (let e = doings.start[b]!; e < doings.start[b + 1]!; e++) {
                const k = doings.kind[e]!;
                if (!wanted[k]) continue;
                const v = doings.periods[e]! * share;
                const what = rows.what[doings.row[k]!]!;
                for (let c = c0; c < c1; c++) value[c * whatN + what]! += v;
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
