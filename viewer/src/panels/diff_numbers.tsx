// Numbers of two processes side by side: the whole, modules, C functions.
import { useMemo } from 'preact/hooks';
import { useView } from '../app/context';
import { wordOf } from '../app/route';
import type { Process, Unit } from '../model/page';
import { luaIsUnknown } from '../model/report';
import { amount, exact, percent, signed } from '../model/units';
import { Card, Toggle } from '../widgets/bits';
import { Table, type Column } from '../widgets/table';

interface Pair {
    readonly name: string;
    readonly unit: Unit;
    readonly a: number | null;
    readonly b: number | null;
    readonly change: number | null; // null: not known, since a side is not
}

const VIEWS = ['whole', 'modules', 'C functions'] as const;

function whole(a: Process, b: Process): Pair[] {
    const of = (name: string, unit: Unit, get: (p: Process) => number | null | undefined): Pair => {
        const [x, y] = [get(a) ?? null, get(b) ?? null];
        return { name, unit, a: x, b: y, change: x === null || y === null ? null : y - x };
    };
    /** What Lua did: no number where the trace does not tell. */
    const ofLua: typeof of = (name, unit, get) =>
        of(name, unit, p => (luaIsUnknown(p.report) ? null : get(p)));
    return [
        of('ran', 'ns', p => p.report.duration_ns),
        of('CPU time of the process', 'ns', p =>
            p.report.ending.user_ns == null
                ? null
                : p.report.ending.user_ns + (p.report.ending.system_ns ?? 0),
        ),
        of('CPU time sampled', 'ns', p => p.report.cpu?.time_ns),
        ofLua('to the first line', 'ns', p => p.report.overview?.cold_start.main_ns),
        ofLua('loading modules', 'ns', p => p.report.overview?.modules['total_ns']),
        ofLua('modules and chunks', 'count', p => p.report.modules?.length),
        ofLua('Lua memory at peak', 'bytes', p => p.report.overview?.lua_peak_bytes),
        ofLua('Lua memory at the end', 'bytes', p => p.report.overview?.lua_live_bytes),
        ofLua('allocated by Lua', 'bytes', p => p.report.allocations?.lua.bytes),
        ofLua('blocks allocated by Lua', 'count', p => p.report.allocations?.lua.blocks),
        ofLua('C memory at peak', 'bytes', p => p.report.overview?.c_peak_bytes),
        of('resident at most', 'bytes', p => p.report.ending.max_rss_bytes),
        ofLua('calls from Lua into C', 'count', p => p.report.crossings?.lua_to_c),
    ].filter(r => r.a !== null || r.b !== null);
}

/** By name, in two processes: what one of them lacks was not there, unless nothing is known of it. */
function joined(a: Process, b: Process, unit: Unit, of: (p: Process) => Map<string, number>): Pair[] {
    const known = !luaIsUnknown(a.report) && !luaIsUnknown(b.report);
    const [x, y] = [of(a), of(b)];
    return [...new Set([...x.keys(), ...y.keys()])].map(name => ({
        name,
        unit,
        a: x.get(name) ?? null,
        b: y.get(name) ?? null,
        change: known ? (y.get(name) ?? 0) - (x.get(name) ?? 0) : null,
    }));
}

function summed<T>(rows: readonly T[], name: (r: T) => string, value: (r: T) => number): Map<string, number> {
    const out = new Map<string, number>();
    for (const r of rows) out.set(name(r), (out.get(name(r)) ?? 0) + value(r));
    return out;
}

function pairs(view: string, a: Process, b: Process): Pair[] {
    if (view === 'modules') {
        const of = (p: Process) =>
            summed(
                p.report.modules ?? [],
                m => m.name,
                m => m.self_ns,
            );
        return joined(a, b, 'ns', of);
    }
    if (view === 'C functions') {
        const of = (p: Process) =>
            summed(
                p.report.crossings?.functions ?? [],
                f => f.label,
                f => f.lua_to_c.calls,
            );
        return joined(a, b, 'count', of);
    }
    return whole(a, b);
}

function shareText({ a, b, change }: Pair): string {
    if (change === null) return '–';
    if (a) return `${change < 0 ? '−' : '+'}${percent(Math.abs(change), a)}`;
    return b ? 'new' : '–';
}

/** A side that is not whole is named so wherever its numbers stand. */
export const sideTitle = (side: 'before' | 'after', p: Process) =>
    p.report.incomplete.length > 0 ? `${side} (incomplete)` : side;

export function DiffNumbers({ before, after }: { before: Process; after: Process }) {
    const { route, set } = useView();
    const view = wordOf(route, 'numbers', VIEWS);
    const rows = useMemo(() => pairs(view, before, after), [view, before, after]);
    const columns = useMemo<Column<Pair>[]>(
        () => [
            {
                id: 'name',
                title: view === 'whole' ? 'number' : view,
                width: 'minmax(12rem, 2fr)',
                value: r => r.name,
            },
            {
                id: 'a',
                title: sideTitle('before', before),
                numeric: true,
                width: '11rem',
                value: r => r.a,
                show: r => (r.a === null ? '–' : amount(r.a, r.unit)),
            },
            {
                id: 'b',
                title: sideTitle('after', after),
                numeric: true,
                width: '11rem',
                value: r => r.b,
                show: r => (r.b === null ? '–' : amount(r.b, r.unit)),
            },
            {
                id: 'change',
                title: 'change',
                numeric: true,
                width: '8rem',
                value: r => r.change,
                show: r =>
                    r.change === null ? (
                        '–'
                    ) : (
                        <span class={r.change > 0 ? 'more' : r.change < 0 ? 'less' : ''}>
                            {signed(r.change, r.unit)}
                        </span>
                    ),
            },
            {
                id: 'share',
                title: 'of before',
                numeric: true,
                width: '8rem',
                value: r => (r.a && r.change !== null ? r.change / r.a : null),
                show: shareText,
            },
        ],
        [view, before, after],
    );
    return (
        <Card title="Numbers">
            <div class="toolbar" role="toolbar" aria-label="Which numbers">
                {VIEWS.map(v => (
                    <Toggle key={v} label={v} on={v === view} onChange={() => set({ numbers: v })} />
                ))}
            </div>
            <Table
                key={view}
                name={`numbers of ${view}`}
                rows={rows}
                columns={columns}
                sort={view === 'whole' ? '' : '-change'}
                rowTitle={r =>
                    `${r.name}: ${r.a === null ? '–' : exact(r.a, r.unit)} before, ${r.b === null ? '–' : exact(r.b, r.unit)} after`
                }
                plain={view === 'whole'}
            />
        </Card>
    );
}
