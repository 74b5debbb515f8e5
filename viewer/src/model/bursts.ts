// When a C function was called most densely, as far as samples tell: calls are counted over the whole run, samples have
// their moment.
import { once } from './once';
import { Kind, type Process, type Samples } from './page';

export interface Burst {
    readonly course: readonly number[]; // share of the function's samples in each of PARTS stretches of the run
    readonly from: number; // the densest stretch, ns since process start
    readonly to: number;
    readonly share: number; // of its samples that are there
}

const PARTS = 40;

/** By label of the C function that ran innermost of all, or that the native code belongs to which did. */
export function burstsOf(p: Process): ReadonlyMap<string, Burst> {
    const { samples } = p;
    const metric = p.metrics.find(m => m.sampled);
    if (!samples?.log || !metric) return new Map();
    return once(samples, 'bursts', () => find(p, samples));
}

/** By node: the C function that its time belongs to, as row of functions + 1. */
function owners(p: Process): Uint32Array {
    const { stacks } = p.metrics.find(m => m.sampled)!;
    const { kind } = p.frames.functions;
    const owner = new Uint32Array(stacks.n);
    for (let i = 1; i < stacks.n; i++) {
        const f = p.frames.fn[stacks.frame[i]!]!;
        owner[i] = kind[f] === Kind.C ? f + 1 : kind[f] === Kind.Lua ? 0 : owner[stacks.parent[i]!]!;
    }
    return owner;
}

function find(p: Process, samples: Samples): Map<string, Burst> {
    const log = samples.log!;
    const owner = owners(p);
    const part = Math.max(1, p.report.duration_ns / PARTS);
    const sums = new Map<number, Float64Array>();
    for (let b = 0; b + 1 < log.start.length; b++) {
        const to = Math.min(PARTS - 1, Math.floor((b * log.bucketNs) / part));
        for (let e = log.start[b]!; e < log.start[b + 1]!; e++) {
            const f = owner[samples.rows.node[log.row[e]!]!]!;
            if (f === 0) continue;
            let sum = sums.get(f);
            if (!sum) sums.set(f, (sum = new Float64Array(PARTS)));
            sum[to]! += log.periods[e]!;
        }
    }
    const { label } = p.frames.functions;
    return new Map(
        [...sums].map(([f, sum]): [string, Burst] => {
            const all = sum.reduce((s, x) => s + x, 0);
            const most = sum.reduce((at, x, i) => (x > sum[at]! ? i : at), 0);
            return [
                p.frames.strings[label[f - 1]!]!,
                {
                    course: Array.from(sum, x => x / all),
                    from: Math.floor(most * part),
                    to: Math.ceil((most + 1) * part),
                    share: sum[most]! / all,
                },
            ];
        }),
    );
}
