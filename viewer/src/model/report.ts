// What `modprof report --format json` says of a process (docs/report.schema.json), as far as the page reads it.
// Sections may be absent.

export interface Phases {
    resolve?: number;
    read?: number;
    compile?: number;
    run?: number;
    map?: number;
    relocate?: number;
    construct?: number;
}

export interface Tried {
    path: string;
    errno: number;
    duration_ns: number;
}

export interface ModuleRow {
    id: number;
    parent: number | null;
    name: string;
    kind: string;
    state: number;
    thread: number;
    required_by: string | null;
    required_by_line: number;
    begin_ns: number;
    status: string;
    load: string;
    file: string | null;
    error: string | null;
    source_bytes: number;
    precompiled: boolean;
    total_ns: number;
    self_ns: number;
    run_self_ns: number;
    phases_ns: Phases;
    lua_bytes: number;
    lua_self_bytes: number;
    lua_alloc_bytes: number;
    c_bytes: number;
    c_self_bytes: number;
    c_alloc_bytes: number;
    tried: Tried[];
}

export interface Calls {
    calls: number;
    timed: number;
    mean_ns: number | null;
    total_ns: number | null;
    error_ns: number | null;
}

export interface CrossingRow {
    label: string;
    name: string | null;
    module: string | null;
    type: string | null;
    kind: string;
    symbol: string | null;
    object: string | null;
    lua_to_c: Calls;
    c_to_lua: Calls;
}

export interface Crossings {
    lua_to_c: number;
    c_to_lua: { lua_callk: number; lua_pcallk: number; lua_resume: number; by_host: number };
    functions: CrossingRow[];
}

export interface LuaState {
    id: number;
    lua: string | null;
    thread: number;
    created_ns: number;
    create_ns: number;
    closed_ns: number | null;
    peak_bytes: number;
    live_bytes: number;
    never_freed_bytes: number | null;
    resized: number;
    refused: number;
}

export interface Allocations {
    lua: {
        blocks: number;
        bytes: number;
        resized: number;
        grown_bytes: number;
        shrunk_bytes: number;
        freed_bytes: number;
        refused: number;
        kinds: { kind: string; blocks: number; bytes: number }[];
        size_classes: { up_to_bytes: number | null; blocks: number; gone: number; left: number }[];
        states: LuaState[];
    };
    c: {
        covered: boolean;
        live_bytes: number;
        peak_bytes: number;
        calls_for_lua: number;
        objects: {
            object: string | null;
            blocks: number;
            requested_bytes: number;
            usable_bytes: number;
            resized: number;
            freed: number;
            freed_bytes: number;
            refused: number;
        }[];
    };
}

export interface CpuRow {
    label: string;
    kind: string;
    file: string;
    line: number;
    self_ns: number;
    total_ns: number;
    self_error_ns: number;
}

export interface Cpu {
    sampler: {
        clock: string;
        mechanism: string;
        asked_hz: number;
        period_ns: number;
        handler_ns: number;
        kernel_time_too: boolean;
    };
    /** Of all threads, in the kernel too; null: not known. */
    process_cpu_ns?: number | null;
    samples: number;
    time_ns: number;
    state_ns: Record<string, number>;
    lua_samples: number;
    inexact_line_samples: number;
    no_native_stack_samples: number;
    no_lua_stack_samples: number;
    cut_stack_samples: number;
    functions: CpuRow[];
    lines: CpuRow[];
}

export interface ReportOverview {
    cold_start: {
        state_ns: number | null;
        libraries_ns: number | null;
        main_ns: number | null;
        main: string | null;
    };
    modules: Record<string, number>;
    lua_states: number;
    lua_peak_bytes: number;
    lua_live_bytes: number;
    c_live_bytes: number | null;
    c_peak_bytes: number | null;
    lua_to_c_calls: number;
    profiler: {
        attach_ns: number;
        writes: number;
        write_ns: number;
        written_bytes: number;
        arena_bytes: number;
    };
}

export interface ReportProcess {
    pid: number;
    parent_pid: number;
    forked_from: number | null;
    arguments: string[];
    executable: string;
    directory: string;
    shim_version: string;
    started_unix_ns: number;
    start_estimated: boolean;
    duration_ns: number;
    end_unseen: boolean;
    ending: {
        text: string;
        reason: string | null;
        status: number | null;
        max_rss_bytes?: number | null; // null: not known
        user_ns?: number | null;
        system_ns?: number | null;
        queued_ns?: number | null;
    };
    complete: boolean;
    incomplete: string[];
    copies: {
        lua: string | null;
        object: string | null;
        status: string;
        layout: string;
        reason: string | null;
        late: boolean;
        unloaded: boolean;
    }[];
    not_covered: string[];
    losses: { what: string; n: number }[];
    file: { path: string; bytes: number };
    overview?: ReportOverview;
    modules?: ModuleRow[];
    require_hits?: { name: string; calls: number; timed: number; timed_ns: number }[];
    chunks?: {
        name: string;
        origin: string;
        compiled: number;
        failed: number;
        compiled_again: number;
        bytes: number;
        read_ns: number;
        compile_ns: number;
        runs: number;
        run_ns: number;
    }[];
    allocations?: Allocations;
    crossings?: Crossings;
    cpu?: Cpu | null;
    /** Whatever later versions add: shown as it is where the page knows no better. */
    [more: string]: unknown;
}

/** What Lua did is not in the trace, though it did something: a zero is none. */
export function luaIsUnknown(r: ReportProcess): boolean {
    return withoutLua(r) !== null && (r.incomplete.length > 0 || r.not_covered.length > 0);
}

/** Why there is nothing of Lua, in place of zeros that nobody counted; null where there is something. As the report in text says it. */
export function withoutLua(r: ReportProcess): string | null {
    const o = r.overview;
    if (!o || o.lua_peak_bytes > 0 || o.lua_to_c_calls > 0 || (r.modules ?? []).length > 0) return null;
    if (r.incomplete.length > 0) return 'What Lua did is not in what is left of this trace.';
    return r.not_covered.length > 0
        ? 'What Lua did was not recorded, since it is not covered.'
        : 'Nothing of Lua was recorded: no state was made.';
}
