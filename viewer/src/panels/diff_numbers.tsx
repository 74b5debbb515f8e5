// Numbers of two processes side by side: the whole, modules, C functions.
import { useMemo } from 'preact/hooks';
import { useView } from '../app/context';
import { wordOf } from '../app/route';
import type { Process, Unit } from '../model/page';
import { amount, exact, percent, signed } from '../model/units';
import { Card, Toggle } from '../widgets/bits';
import { Table, type Column } from '../widgets/table';

interface Pair {
    readonly name: string;
    readonly unit: Unit;
    readonly a: number | null;
    readonly b: number | null;
}

const VIEWS = ['whole', 'modules', 'C functions'] as const;

function whole(a: Process, b: Process): Pair[] {
    const of = (name: string, unit: Unit, get: (p: Process) => number | null | undefined): Pair => ({
        name,
        unit,
        a: get(a) ?? null,
        b: get(b) ?? null,
    });
    return [
        of('ran', 'ns', p => p.report.duration_ns),
        of('CPU time of the process', 'ns', p =>
            p.report.ending.user_ns === undefined
                ? null
                : p.report.ending.user_ns + (p.report.ending.system_ns ?? 0),
        ),
        of('CPU time sampled', 'ns', p => p.report.cpu?.time_ns),
        of('to the first line', 'ns', p => p.report.overview?.cold_start.main_ns),
        of('loading modules', 'ns', p => p.report.overview?.modules['total_ns']),
        of('modules and chunks', 'count', p => p.report.modules?.length),
        of('Lua memory at peak', 'bytes', p => p.report.overview?.lua_peak_bytes),
        of('Lua memory at the end', 'bytes', p => p.report.overview?.lua_live_bytes),
        of('allocated by Lua', 'bytes', p => p.report.allocations?.lua.bytes),
        of('blocks allocated by Lua', 'count', p => p.report.allocations?.lua.blocks),
        of('C memory at peak', 'bytes', p => p.report.overview?.c_peak_bytes),
        of('resident at most', 'bytes', p => p.report.ending.max_rss_bytes),
        of('calls from Lua into C', 'count', p => p.report.crossings?.lua_to_c),
    ].filter(r => r.a !== null || r.b !== null);
}

function joined(a: Map<string, number>, b: Map<string, number>, unit: Unit): Pair[] {
    return [...new Set([...a.keys(), ...b.keys()])].map(name => ({
        name,
        unit,
        a: a.get(name) ?? null,
        b: b.get(name) ?? null,
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
        return joined(of(a), of(b), 'ns');
    }
    if (view === 'C functions') {
        const of = (p: Process) =>
            summed(
                p.report.crossings?.functions ?? [],
                f => f.label,
                f => f.lua_to_c.calls,
            );
        return joined(of(a), of(b), 'count');
    }
    return whole(a, b);
}

const difference = (r: Pair) => (r.b ?? 0) - (r.a ?? 0);

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
                title: 'before',
                numeric: true,
                width: '8rem',
                value: r => r.a,
                show: r => (r.a === null ? '–' : amount(r.a, r.unit)),
            },
            {
                id: 'b',
                title: 'after',
                numeric: true,
                width: '8rem',
                value: r => r.b,
                show: r => (r.b === null ? '–' : amount(r.b, r.unit)),
            },
            {
                id: 'change',
                title: 'change',
                numeric: true,
                width: '8rem',
                value: r => difference(r),
                show: r => (
                    <span class={difference(r) > 0 ? 'more' : difference(r) < 0 ? 'less' : ''}>
                        {signed(difference(r), r.unit)}
                    </span>
                ),
            },
            {
                id: 'share',
                title: 'of before',
                numeric: true,
                width: '8rem',
                value: r => (r.a ? difference(r) / r.a : null),
                show: r =>
                    r.a
                        ? `${difference(r) < 0 ? '−' : '+'}${percent(Math.abs(difference(r)), r.a)}`
                        : r.b
                          ? 'new'
                          : '–',
            },
        ],
        [view],
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
                    `${r.name}: ${r.a === null ? 'nothing' : exact(r.a, r.unit)} before, ${r.b === null ? 'nothing' : exact(r.b, r.unit)} after`
                }
                plain={view === 'whole'}
            />
        </Card>
    );
}
