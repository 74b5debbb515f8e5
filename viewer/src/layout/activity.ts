// What threads did, by pixel column: samples of each activity in it.
import type { Samples } from '../model/page';
import { bucketRange } from '../model/filter';

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
    const { rows, log } = samples;
    if (log && to > from) {
        const wanted = new Uint8Array(rows.n);
        for (let r = 0; r < rows.n; r++)
            wanted[r] =
                rows.metric[r] === f.metric &&
                (f.thread === undefined || rows.thread[r] === f.thread) &&
                (f.state === undefined || rows.state[r] === f.state)
                    ? 1
                    : 0;
        const [first, last] = bucketRange(samples, from, to);
        const scale = columns / (to - from);
        for (let b = first; b < last; b++) {
            // A bucket wider than a column fills all that it covers.
            const c0 = Math.max(0, Math.floor((b * log.bucketNs - from) * scale));
            const c1 = Math.min(
                columns,
                Math.max(c0 + 1, Math.floor(((b + 1) * log.bucketNs - from) * scale)),
            );
            const share = 1 / Math.max(1, c1 - c0);
            for (let e = log.start[b]!; e < log.start[b + 1]!; e++) {
                const r = log.row[e]!;
                if (!wanted[r]) continue;
                const v = log.periods[e]! * share;
                for (let c = c0; c < c1; c++) value[c * whatN + rows.what[r]!]! += v;
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
