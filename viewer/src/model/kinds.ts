// Samples of one kind differ in their stack only: there are few kinds, however many samples.
import { once } from './once';
import type { Samples } from './page';

export interface Kinds {
    readonly n: number;
    readonly of: Uint32Array; // by row of the samples: its kind
    readonly start: Uint32Array; // rows of kind k: row[start[k] .. start[k + 1]), in ascending order
    readonly row: Uint32Array;
}

function numbered({ rows }: Samples): { of: Uint32Array; n: number } {
    const seen = new Map<string, number>();
    const of = new Uint32Array(rows.n);
    let last = -1; // neighbours are often alike
    for (let r = 0; r < rows.n; r++) {
        const same =
            last >= 0 &&
            rows.metric[r] === rows.metric[last] &&
            rows.thread[r] === rows.thread[last] &&
            rows.state[r] === rows.state[last] &&
            rows.coroutine[r] === rows.coroutine[last] &&
            rows.instance[r] === rows.instance[last] &&
            rows.what[r] === rows.what[last];
        if (same) {
            of[r] = of[last]!;
            continue;
        }
        last = r;
        const id = `${rows.metric[r]} ${rows.thread[r]} ${rows.state[r]} ${rows.what[r]} ${rows.coroutine[r]} ${rows.instance[r]}`;
        const known = seen.get(id) ?? seen.size;
        seen.set(id, known);
        of[r] = known;
    }
    return { of, n: seen.size };
}

function makeKinds(samples: Samples): Kinds {
    const { of, n } = numbered(samples);
    const start = new Uint32Array(n + 1);
    for (let r = 0; r < of.length; r++) start[of[r]! + 1]!++;
    for (let k = 0; k < n; k++) start[k + 1]! += start[k]!;
    const next = start.slice();
    const row = new Uint32Array(of.length);
    for (let r = 0; r < of.length; r++) row[next[of[r]!]!++] = r;
    return { n, of, start, row };
}

export function kindsOf(samples: Samples): Kinds {
    return once(samples, 'kinds', () => makeKinds(samples));
}

/** A row that is of kind K. */
export function rowOf(kinds: Kinds, k: number): number {
    return kinds.row[kinds.start[k]!]!;
}
