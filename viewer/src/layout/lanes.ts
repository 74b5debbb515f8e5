// What stands on the time line: lanes of activity, of things with a begin and an end, of moments, and of amounts.
import { layoutActivity, wholeActivity, type Activity } from './activity';
import { coroutinesOf, instancesOf } from '../model/coroutines';
import { once } from '../model/once';
import type { Process, Samples } from '../model/page';
import { bytes, nanoseconds } from '../model/units';

export interface Item {
    readonly from: number; // ns since process start
    readonly to: number;
    readonly row: number;
    readonly label: string;
    readonly colour: string; // a name of draw/colours
    readonly page?: { page: string; params: Record<string, string> };
}

export interface Lane {
    readonly id: string;
    readonly title: string;
    readonly kind: 'activity' | 'items' | 'moments' | 'amount';
    readonly height: number;
    readonly thread?: number; // activity: row of samples.threads
    readonly coroutine?: number; // activity: as samples have it
    readonly instance?: number; // activity: one coroutine
    readonly what?: number; // activity: of samples.what
    readonly items: readonly Item[]; // by row, then begin
    readonly values?: { at: Float64Array; v: Float64Array };
}

export const ITEM_ROW = 17;
const DEEPEST = 8;

function threadLanes(samples: Samples | null): Lane[] {
    if (!samples?.log) return [];
    return samples.threads.map((t, i) => ({
        id: `thread ${t.tid}`,
        title: `thread ${t.tid}${t.name ? ` ${t.name}` : ''}`,
        kind: 'activity' as const,
        height: 40,
        thread: i,
        items: [],
    }));
}

const MOST_COROUTINES = 12;

const MOST_INSTANCES = 4;

/** A lane for each function that coroutines run, those that take most time first; where several run one, some of each. */
function coroutineLanes(p: Process): Lane[] {
    if (!p.samples?.log) return [];
    return coroutinesOf(p)
        .slice(0, MOST_COROUTINES)
        .flatMap(c => [
            {
                id: `coroutine ${c.number}`,
                title: `coroutines of ${c.label}`,
                kind: 'activity' as const,
                height: 22,
                coroutine: c.number,
                items: [],
            },
            ...instancesOf(p)
                .filter(i => i.number === c.number)
                .slice(0, MOST_INSTANCES)
                .map(i => ({
                    id: `coroutine ${i.number} ${i.instance}`,
                    title: i.label,
                    kind: 'activity' as const,
                    height: 16,
                    coroutine: i.number,
                    instance: i.instance,
                    items: [],
                })),
        ]);
}

/** How many functions of coroutines have no lane. */
export function coroutinesWithoutLane(p: Process): number {
    return Math.max(0, coroutinesOf(p).length - MOST_COROUTINES);
}

function loadLane(p: Process): Lane[] {
    const modules = p.report.modules ?? [];
    if (modules.length === 0) return [];
    const depth = new Map<number, number>();
    const items = modules
        .slice()
        .sort((a, b) => a.begin_ns - b.begin_ns || a.id - b.id)
        .map(m => {
            const row = m.parent === null ? 0 : (depth.get(m.parent) ?? -1) + 1;
            depth.set(m.id, row);
            return {
                from: m.begin_ns,
                to: m.begin_ns + m.total_ns,
                row,
                label: m.name,
                colour: m.kind === 'main' ? 'run' : m.load === 'C library' ? 'construct' : 'compile',
                page: { page: 'load', params: { module: String(m.id) } },
            };
        })
        .filter(i => i.row < DEEPEST)
        .sort((a, b) => a.row - b.row || a.from - b.from);
    const rows = Math.max(...items.map(i => i.row)) + 1;
    return [{ id: 'loads', title: 'module loads', kind: 'items', height: rows * ITEM_ROW, items }];
}

function stateLane(p: Process): Lane[] {
    const states = p.report.allocations?.lua.states ?? [];
    if (states.length === 0) return [];
    // States that do not overlap share a row.
    const free: number[] = [];
    const items = states
        .slice()
        .sort((a, b) => a.created_ns - b.created_ns)
        .map(s => {
            const to = s.closed_ns ?? p.report.duration_ns;
            let row = free.findIndex(end => end <= s.created_ns);
            if (row < 0) row = free.length;
            free[row] = to;
            return {
                from: s.created_ns,
                to,
                row,
                label: `Lua state ${s.id}: peak ${bytes(s.peak_bytes)}`,
                colour: 'lua',
            };
        })
        .filter(i => i.row < DEEPEST)
        .sort((a, b) => a.row - b.row || a.from - b.from);
    return [
        {
            id: 'states',
            title: 'Lua states',
            kind: 'items',
            height: Math.min(DEEPEST, free.length) * ITEM_ROW,
            items,
        },
    ];
}

interface Cycle {
    readonly kind: string;
    readonly begin_ns: number;
    readonly end_ns: number;
    readonly freed_bytes: number;
    readonly collecting_ns: number;
}

/** Cycles with their times, a row for each kind; and above, when samples met the collector at work. */
function collectorLanes(p: Process): Lane[] {
    const lanes: Lane[] = [];
    const what = p.samples?.log ? p.samples.what.indexOf('collector') : -1;
    if (what >= 0 && (p.report.cpu?.state_ns['collector'] ?? 0) > 0)
        lanes.push({
            id: 'collecting',
            title: 'collector at work',
            kind: 'activity',
            height: 22,
            what,
            items: [],
        });
    const list = (p.report['collector'] as { cycle_list?: unknown } | undefined)?.cycle_list;
    const cycles = (Array.isArray(list) ? (list as Cycle[]) : []).filter(
        c => c && typeof c.begin_ns === 'number' && typeof c.end_ns === 'number',
    );
    const kinds = [...new Set(cycles.map(c => String(c.kind)))];
    const items = cycles
        .map(c => ({
            from: c.begin_ns,
            to: c.end_ns,
            row: kinds.indexOf(String(c.kind)),
            label: `${String(c.kind)} collection, freed ${bytes(Number(c.freed_bytes ?? 0))}${c.collecting_ns > 0 ? `, ${nanoseconds(c.collecting_ns)} at work` : ''}`,
            colour: 'collector',
        }))
        .sort((a, b) => a.row - b.row || a.from - b.from);
    if (items.length > 0)
        lanes.push({
            id: 'collector',
            title: `collections${kinds.length > 1 ? `: ${kinds.join(', ')}` : ''}`,
            kind: 'items',
            height: kinds.length * ITEM_ROW,
            items,
        });
    return lanes;
}

function markLane(p: Process): Lane[] {
    const cold = p.report.overview?.cold_start;
    const moments: [number | null | undefined, string, string][] = [
        [cold?.state_ns, 'first state', 'map'],
        [cold?.libraries_ns, 'libraries open', 'map'],
        [cold?.main_ns, 'first line', 'map'],
        ...p.marks.map(m => [m.at_ns, m.name, 'construct'] as [number, string, string]),
    ];
    const items = moments
        .filter((m): m is [number, string, string] => typeof m[0] === 'number')
        .map(([at, label, colour]) => ({ from: at, to: at, row: 0, label, colour }))
        .sort((a, b) => a.from - b.from);
    return items.length
        ? [{ id: 'marks', title: 'moments and marks', kind: 'moments', height: 20, items }]
        : [];
}

function memoryLanes(p: Process): Lane[] {
    const m = p.memory;
    if (!m || m.at.length < 2) return [];
    return m.lines
        .filter(l => l.id !== 'rss_d' && l.values.some(v => v > 0))
        .map(l => ({
            id: `memory ${l.title}`,
            title: `${l.title} memory`,
            kind: 'amount' as const,
            height: 40,
            items: [],
            values: { at: m.at, v: l.values },
        }));
}

function makeLanes(p: Process): Lane[] {
    return [
        ...markLane(p),
        ...threadLanes(p.samples),
        ...coroutineLanes(p),
        ...stateLane(p),
        ...loadLane(p),
        ...collectorLanes(p),
        ...memoryLanes(p),
    ];
}

export function lanesOf(p: Process): readonly Lane[] {
    return once(p, 'lanes', () => makeLanes(p));
}

/** What is drawn in a lane of activity: the whole run, or a stretch of it. */
export function laneActivity(
    samples: Samples,
    lane: Lane,
    columns: number,
    look: { from: number; to: number; duration: number; metric: number },
): Activity {
    const { thread, coroutine, instance, what } = lane;
    const filter = { metric: look.metric, thread, coroutine, instance, what };
    return look.from <= 0 && look.to === look.duration
        ? wholeActivity(samples, look.duration, columns, filter)
        : layoutActivity(samples, look.from, look.to, columns, filter);
}

export const LANE_GAP = 20; // for the title above each lane

/** The item at a moment, in a lane; TOLERANCE in ns makes moments easy to hit. */
export function itemAt(lane: Lane, at: number, row: number, tolerance: number): Item | null {
    let best: Item | null = null;
    for (const i of lane.items)
        if (
            i.row === row &&
            i.from - tolerance <= at &&
            at <= i.to + tolerance &&
            (!best || i.to - i.from < best.to - best.from)
        )
            best = i;
    return best;
}
