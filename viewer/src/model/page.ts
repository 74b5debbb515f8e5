// What the page shows: built once by import/, never changed afterwards.
import type { ReportProcess } from './report';

export const enum Kind {
    Lua,
    C,
    Vm,
    Native,
    Note,
}
export const KIND_NAMES = ['Lua', 'C function', 'Lua itself', 'native', 'note'] as const;

/** Functions and the lines of them that stand in stacks: columns of equal length. */
export interface Frames {
    readonly strings: readonly string[];
    readonly functions: {
        readonly n: number;
        readonly kind: Uint8Array;
        readonly label: Uint32Array; // of strings, as the next two
        readonly module: Uint32Array;
        readonly file: Uint32Array;
        readonly line: Uint32Array; // where it is defined; 0: unknown
    };
    readonly fn: Uint32Array; // by frame: its function
    readonly line: Uint32Array; // by frame: the line that ran; 0: none
}

/** Stacks added up; node 0 is the root, parents stand before children. */
export interface Stacks {
    readonly id: string;
    readonly n: number;
    readonly parent: Uint32Array; // parent[0] is 0
    readonly frame: Uint32Array;
}

export type Unit = 'ns' | 'bytes' | 'count';

export interface Metric {
    readonly id: string;
    readonly unit: Unit;
    readonly stacks: Stacks;
    readonly self: Float64Array; // by node
    readonly sampled: boolean; // made of `samples`: can be filtered
    readonly index: number; // in its tree
}

export interface Samples {
    readonly threads: readonly { tid: number; name: string }[];
    readonly what: readonly string[];
    readonly periodNs: readonly number[]; // by metric
    readonly rows: {
        readonly n: number;
        readonly node: Uint32Array;
        readonly thread: Uint32Array;
        readonly state: Uint32Array;
        readonly what: Uint32Array;
        readonly metric: Uint32Array;
        readonly coroutine: Uint32Array; // row of functions + 1: what the coroutine runs; 0: in none
        readonly instance: Uint32Array; // which coroutine, from 1 on; 0: in none, or not told apart
        readonly count: Float64Array;
        readonly weight: Float64Array;
    };
    readonly log: SampleLog | null;
}

export interface SampleLog {
    readonly bucketNs: number;
    readonly start: Uint32Array; // by bucket: its first entry; one more at the end
    readonly row: Uint32Array; // by entry
    readonly periods: Float64Array;
}

export interface Series {
    readonly at: Float64Array; // ns since process start
    readonly lines: readonly { id: string; title: string; unit: Unit; values: Float64Array }[];
}

/** What was live more at a mark than at an earlier one (ids of marks). */
export interface Growth {
    readonly from: number;
    readonly to: number;
    readonly lua_bytes: number;
    readonly c_bytes: number;
    readonly rows: readonly {
        label: string;
        file: string;
        heap: string;
        from_blocks: number;
        from_bytes: number;
        to_blocks: number;
        to_bytes: number;
        error_bytes?: number; // one standard error of the difference
    }[];
}

export interface Process {
    readonly index: number;
    readonly report: ReportProcess;
    readonly frames: Frames;
    readonly metrics: readonly Metric[];
    readonly samples: Samples | null;
    readonly memory: Series | null;
    readonly memoryKinds: Series | null; // live Lua bytes by kind
    readonly memoryRates: Series | null; // bytes allocated in a second
    readonly marks: readonly { id: number; at_ns: number; name: string }[];
    readonly growth: readonly Growth[];
    readonly sources: ReadonlyMap<string, string>;
    readonly sourcesLeftOut: readonly { file: string; why: string }[];
    readonly pruned: readonly string[];
}

export interface Check {
    readonly verdict: string;
    readonly config: string;
    readonly counts: Readonly<Record<string, number>>;
    readonly rules: readonly CheckRule[];
}

export interface Bound {
    readonly value: number;
    readonly text: string;
}

export interface CheckRule {
    readonly rule: string;
    readonly metric: string;
    readonly unit: Unit;
    readonly level: string;
    readonly limit: Bound | null;
    readonly warn: Bound | null;
    readonly at_least: Bound | null;
    readonly message: string | null;
    readonly verdict: string;
    readonly pid: number | null;
    readonly measured: number | null;
    readonly lower_bound: boolean;
    readonly place: string | null;
    readonly reason: string | null;
    readonly sentence: string;
}

export interface History {
    readonly metric: string;
    readonly item: string;
    readonly param: string;
    readonly machine: string;
    readonly unit: Unit;
    readonly at: readonly number[]; // ns since 1970
    readonly value: readonly number[];
}

export interface Trace {
    readonly name: string;
    readonly bytes: number;
    readonly processes: readonly Process[];
    readonly check: Check | null;
    readonly checkError: string | null;
    readonly history: readonly History[];
}

/** A trace that the server keeps until it is asked for. */
export interface TraceRef {
    readonly name: string;
    readonly href: string;
}

export interface Page {
    readonly title: string;
    readonly modprof: string;
    readonly traces: readonly (Trace | TraceRef)[];
    readonly compare: readonly [number, number] | null;
    readonly live: boolean;
}
