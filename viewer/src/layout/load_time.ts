// Time without the pauses in which nothing was loaded: what is loaded late does not make all else too small to see.
import type { ModuleRow } from '../model/report';

export interface LoadTime {
    readonly from: number; // ns since process start
    readonly to: number;
    readonly loading: number; // ns in which something was loaded
    /** The place of a moment, from 0 to 1. */
    place(at: number): number;
}

/** Real time between two moments. */
export function plainTime(from: number, to: number): LoadTime {
    const span = Math.max(1, to - from);
    return { from, to, loading: span, place: at => Math.max(0, Math.min(1, (at - from) / span)) };
}

/** Only stretches in which one of the modules was being loaded; where there are but chunks, in which one of these ran. */
export function withoutPauses(all: readonly ModuleRow[]): LoadTime {
    const timed = all.filter(m => m.total_ns > 0);
    const modules = timed.filter(m => m.kind !== 'main' && m.kind !== 'dofile');
    const spans = (modules.length > 0 ? modules : timed)
        .map(m => [m.begin_ns, m.begin_ns + m.total_ns] as const)
        .sort((a, b) => a[0] - b[0]);
    const begin: number[] = [];
    const end: number[] = [];
    const before: number[] = []; // loading time before each stretch
    let sum = 0;
    for (const [a, b] of spans) {
        const last = end.length - 1;
        if (last >= 0 && a <= end[last]!) {
            if (b > end[last]!) {
                sum += b - end[last]!;
                end[last] = b;
            }
            continue;
        }
        begin.push(a);
        end.push(b);
        before.push(sum);
        sum += b - a;
    }
    if (begin.length === 0) return plainTime(0, 1);
    const place = (at: number) => {
        let lo = 0;
        let hi = begin.length - 1;
        while (lo < hi) {
            const mid = (lo + hi + 1) >> 1;
            if (begin[mid]! <= at) lo = mid;
            else hi = mid - 1;
        }
        const within = Math.max(0, Math.min(at, end[lo]!) - begin[lo]!);
        return Math.max(0, Math.min(1, (before[lo]! + within) / sum));
    };
    return { from: begin[0]!, to: end[end.length - 1]!, loading: sum, place };
}
