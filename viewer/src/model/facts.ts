// The things worth knowing first: taken from the numbers by rules that stand here, most important first.
import { amount, bytes, count, nanoseconds, percent, plural } from './units';
import type { Process, Trace } from './page';
import type { ReportProcess } from './report';

export interface Fact {
    readonly weight: number; // 0 to 1: how much it matters
    readonly text: string;
    readonly page: string;
    readonly params: Readonly<Record<string, string>>;
}

/** At most N facts of a process. */
export function facts(trace: Trace, p: Process, n = 5): Fact[] {
    return [...verdicts(trace), ...trust(p), ...cpu(p), ...loads(p), ...memory(p), ...crossings(p)]
        .sort((a, b) => b.weight - a.weight)
        .slice(0, n);
}

/** Of a process without samples of time: how many there should have been. */
export function whyNoSamples(r: ReportProcess): string {
    const c = r.cpu;
    if (!c || !c.process_cpu_ns) return 'A run of a few milliseconds may be over before the first of them.';
    const whose = c.sampler.kernel_time_too ? '' : ' outside the kernel';
    return `The program took ${nanoseconds(c.process_cpu_ns)} of CPU time, and one sample is due each ${nanoseconds(c.sampler.period_ns)}${whose}.`;
}

function verdicts(t: Trace): Fact[] {
    const broken = t.check?.rules.filter(r => r.verdict === 'fail') ?? [];
    return broken.length === 0
        ? []
        : [
              {
                  weight: 1,
                  text: `${plural(broken.length, 'budget is', 'budgets are')} exceeded: ${broken[0]!.sentence}`,
                  page: 'budgets',
                  params: {},
              },
          ];
}

function trust(p: Process): Fact[] {
    const r = p.report;
    const out: Fact[] = [];
    if (r.not_covered.length > 0)
        out.push({
            weight: 0.95,
            text: `${plural(r.not_covered.length, 'thing')} could not be covered: figures say nothing about ${r.not_covered.length === 1 ? 'it' : 'them'}`,
            page: 'overview',
            params: { at: 'coverage' },
        });
    const failed = (r.modules ?? []).filter(m => m.status === 'failed');
    if (failed.length > 0)
        out.push({
            weight: 0.85,
            text: `${plural(failed.length, 'module')} failed to load, first ${failed[0]!.name}`,
            page: 'load',
            params: { view: 'table', q: 'failed' },
        });
    return out;
}

const exactly = (p: Process) =>
    (p.report['memory'] as { lua?: { mode?: string } } | undefined)?.lua?.mode === 'exact';

function cpu(p: Process): Fact[] {
    const c = p.report.cpu;
    if (!c || c.samples === 0) return [];
    const out: Fact[] = [];
    const time = c.sampler.clock === 'wall' ? 'time' : 'CPU time';
    // What the profiler took, and waiting, are told apart from the program's own functions.
    const own = c.functions.filter(f => !f.label.startsWith('[modprof]') && f.label !== '[waiting]');
    const top = own.reduce((a, b) => (b.self_ns > a.self_ns ? b : a), own[0]!);
    // Of a few samples nothing can be said.
    if (top && top.self_ns > 2 * (top.self_error_ns ?? 0))
        out.push({
            weight: 0.5 + 0.5 * (top.self_ns / c.time_ns),
            text: `${top.label} takes ${percent(top.self_ns, c.time_ns)} of the ${time} by itself (${nanoseconds(top.self_ns)})`,
            page: 'flame',
            params: { metric: c.sampler.clock, focus: top.label },
        });
    const profiler = c.state_ns['profiler'] ?? 0;
    if (profiler > 0.2 * c.time_ns)
        out.push({
            weight: 0.75,
            text: `The profiler itself takes ${percent(profiler, c.time_ns)} of the ${time} (${nanoseconds(profiler)})${exactly(p) ? ': exact records of allocation cost much, sampled ones little' : ''}`,
            page: 'flame',
            params: { metric: c.sampler.clock, what: 'profiler' },
        });
    const gc = c.state_ns['collector'] ?? 0;
    if (gc > 0.1 * c.time_ns)
        out.push({
            weight: 0.4 + gc / c.time_ns,
            text: `The garbage collector takes ${percent(gc, c.time_ns)} of the ${time} (${nanoseconds(gc)})`,
            page: 'flame',
            params: { metric: c.sampler.clock, what: 'collector', invert: '1' },
        });
    return out;
}

function loads(p: Process): Fact[] {
    const modules = p.report.modules ?? [];
    const required = modules.filter(m => m.kind === 'require');
    const slow = required.reduce((a, b) => (a && a.self_ns >= b.self_ns ? a : b), required[0]);
    const out: Fact[] = [];
    const duration = Math.max(1, p.report.duration_ns);
    if (slow)
        out.push({
            weight: 0.3 + Math.min(0.6, (5 * slow.self_ns) / duration),
            text: `${required.length > 1 ? `Of ${count(required.length)} modules, ${slow.name} takes longest to load` : `The module ${slow.name} is loaded`}: ${nanoseconds(slow.self_ns)} itself, ${nanoseconds(slow.total_ns)} with what it requires`,
            page: 'load',
            params: { module: String(slow.id) },
        });
    const missed = modules.flatMap(m => m.tried.filter(t => t.errno !== 0));
    const hits = modules.reduce((s, m) => s + m.tried.filter(t => t.errno === 0).length, 0);
    if (required.length >= 5 && missed.length > 3 * Math.max(1, hits))
        out.push({
            weight: 0.35 + Math.min(0.3, missed.length / 5000),
            text: `${plural(missed.length, 'file was', 'files were')} looked for in vain to find ${plural(required.length, 'module')}: the search path is long`,
            page: 'load',
            params: { view: 'misses' },
        });
    return out;
}

/** The line whose blocks hold most at the end. */
function heldMost(p: Process): { label: string; bytes: number } | null {
    const m = p.report['memory'] as { lua?: { lines?: { label: string; held_bytes: number }[] } } | undefined;
    const lines = Array.isArray(m?.lua?.lines) ? m.lua.lines : [];
    const most = lines.reduce<(typeof lines)[0] | null>(
        (x, y) => (x && x.held_bytes >= y.held_bytes ? x : y),
        null,
    );
    return most ? { label: String(most.label), bytes: Number(most.held_bytes) } : null;
}

function memory(p: Process): Fact[] {
    const o = p.report.overview;
    const a = p.report.allocations;
    if (!o || !a) return [];
    const out: Fact[] = [];
    const top = a.lua.kinds.reduce((x, y) => (y.bytes > x.bytes ? y : x), a.lua.kinds[0]!);
    if (top)
        out.push({
            weight: 0.45,
            text: `Lua's memory peaks at ${bytes(o.lua_peak_bytes)}; ${percent(top.bytes, a.lua.bytes)} of the ${bytes(a.lua.bytes)} in new blocks are of kind ${top.kind}`,
            page: 'memory',
            params: {},
        });
    const leaks = p.report['leaks'] as { accused?: number; accused_bytes?: number } | undefined;
    if (leaks?.accused)
        out.push({
            weight: 0.9,
            text: `${plural(leaks.accused, 'place holds', 'places hold')} more and more memory, ${bytes(leaks.accused_bytes ?? 0)} at the end: it looks like a leak`,
            page: 'memory',
            params: {},
        });
    const holder = heldMost(p);
    if (holder && !leaks?.accused && holder.bytes > 2 ** 20)
        out.push({
            weight: 0.55,
            text: `${holder.label} holds ${bytes(holder.bytes)} at the end, allocated there and not given back`,
            page: 'memory',
            params: {},
        });
    const left = a.lua.states.reduce((s, x) => s + (x.never_freed_bytes ?? 0), 0);
    if (left > 0)
        out.push({
            weight: 0.8,
            text: `${bytes(left)} were never given back by closed Lua states`,
            page: 'memory',
            params: {},
        });
    return out;
}

function crossings(p: Process): Fact[] {
    const c = p.report.crossings;
    if (!c || c.lua_to_c === 0) return [];
    const top = c.functions.reduce((a, b) => (b.lua_to_c.calls > a.lua_to_c.calls ? b : a), c.functions[0]!);
    if (!top) return [];
    const rate = (1e9 * c.lua_to_c) / Math.max(1, p.report.duration_ns);
    return [
        {
            weight: 0.3 + Math.min(0.4, rate / 5e7),
            text: `${top.label} is called ${plural(top.lua_to_c.calls, 'time')} from Lua, ${percent(top.lua_to_c.calls, c.lua_to_c)} of all calls into C${top.lua_to_c.mean_ns ? ` (${amount(top.lua_to_c.mean_ns, 'ns')} each)` : ''}`,
            page: 'crossings',
            params: { q: top.label },
        },
    ];
}
