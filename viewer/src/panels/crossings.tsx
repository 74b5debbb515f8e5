// Crossings: calls from Lua into C and back, exact in number; who spends time in which C function.
import { useMemo } from 'preact/hooks';
import { useView } from '../app/context';
import { matrixOf } from '../model/matrix';
import { withoutLua, type CrossingRow, type Crossings } from '../model/report';
import { burstsOf } from '../model/bursts';
import { amount, baseName, count, nanoseconds, percent, plural } from '../model/units';
import { Card, Empty, Figure, Share, Sparkline } from '../widgets/bits';
import { Table, type Column } from '../widgets/table';
import { MatrixView } from './crossing_matrix';

export function CrossingsPanel() {
    const { process } = useView();
    const c = process.report.crossings;
    if (!c || (c.functions.length === 0 && c.lua_to_c === 0))
        return (
            <Empty title={withoutLua(process.report) ?? 'No crossing between Lua and C was seen.'}>
                Calls are counted in every run whose Lua is covered; see the coverage on the first page.
            </Empty>
        );
    return (
        <>
            <Sums c={c} />
            <Matrix />
            <Functions c={c} />
            <Bursts c={c} />
            <Callbacks c={c} />
        </>
    );
}

function Sums({ c }: { c: Crossings }) {
    const { process } = useView();
    const seconds = Math.max(1e-9, process.report.duration_ns / 1e9);
    const up = c.c_to_lua;
    return (
        <Card title="In all">
            <div class="figures">
                <Figure
                    label="calls from Lua into C"
                    value={count(c.lua_to_c)}
                    means="Exact: every call is counted."
                />
                <Figure label="in a second" value={count(c.lua_to_c / seconds)} />
                <Figure
                    label="C functions called"
                    value={count(c.functions.filter(f => f.lua_to_c.calls > 0).length)}
                />
                <Figure
                    label="lua_callk"
                    value={count(up.lua_callk)}
                    means="Calls from C into Lua, unprotected."
                />
                <Figure
                    label="lua_pcallk"
                    value={count(up.lua_pcallk)}
                    means="Calls from C into Lua that catch errors."
                />
                <Figure
                    label="lua_resume"
                    value={count(up.lua_resume)}
                    means="Coroutines begun or gone on with."
                />
                <Figure
                    label="of these by the host"
                    value={count(up.by_host)}
                    means="Made by the program itself, outside of any C function that Lua called."
                />
            </div>
        </Card>
    );
}

function Matrix() {
    const { process } = useView();
    const { matrix, metric } = matrixOf(process) ?? {};
    return (
        <Card
            title="Who spends time in which C function"
            means="Rows are modules of Lua code that called, columns C functions. A cell is the time in the function and below it until Lua code ran again, from samples."
        >
            {matrix && metric && matrix.total > 0 ? (
                <MatrixView matrix={matrix} unit={metric.unit} />
            ) : (
                <Empty
                    title="Callers are known from samples only, and there are none."
                    command="modprof run --cpu -o app.mprof -- app args"
                >
                    The tables below are exact, but do not say who called.
                </Empty>
            )}
        </Card>
    );
}

const calls = (id: string, title: string, help?: string): Column<CrossingRow> => ({
    id,
    title,
    ...(help ? { help } : {}),
    numeric: true,
    width: '7.5rem',
    value: r => r.lua_to_c.calls,
    show: r => count(r.lua_to_c.calls),
});

function estimate(total: number | null, error: number | null): string {
    if (total === null) return '–';
    return error ? `${nanoseconds(total)} ± ${nanoseconds(error)}` : nanoseconds(total);
}

function Functions({ c }: { c: Crossings }) {
    const { route, set, link } = useView();
    const columns = useMemo<Column<CrossingRow>[]>(
        () => [
            {
                id: 'label',
                title: 'C function',
                width: 'minmax(11rem, 2fr)',
                value: r => r.label,
                show: r => (
                    <a
                        href={link('flame', { metric: 'cpu', focus: r.label })}
                        title="its callers and callees, where CPU time was sampled"
                    >
                        {r.label}
                    </a>
                ),
            },
            { id: 'module', title: 'module', width: '7rem', value: r => r.module ?? '' },
            {
                ...calls('calls', 'calls', 'from Lua, exact'),
                show: r => (
                    <Share part={r.lua_to_c.calls} whole={c.lua_to_c}>
                        {count(r.lua_to_c.calls)}
                    </Share>
                ),
            },
            {
                id: 'share',
                title: 'share',
                numeric: true,
                width: '5.6rem',
                value: r => r.lua_to_c.calls / Math.max(1, c.lua_to_c),
                show: r => percent(r.lua_to_c.calls, c.lua_to_c),
            },
            {
                id: 'mean',
                title: 'each',
                help: 'mean of the calls that returned, nested calls included',
                numeric: true,
                width: '6rem',
                value: r => r.lua_to_c.mean_ns,
                show: r => (r.lua_to_c.mean_ns === null ? '–' : amount(r.lua_to_c.mean_ns, 'ns')),
            },
            {
                id: 'total',
                title: 'total',
                help: 'estimated from the timed calls, with its standard error',
                numeric: true,
                width: '11rem',
                value: r => r.lua_to_c.total_ns,
                show: r => estimate(r.lua_to_c.total_ns, r.lua_to_c.error_ns),
            },
            {
                id: 'timed',
                title: 'timed',
                numeric: true,
                width: '6rem',
                value: r => r.lua_to_c.timed,
                show: r => count(r.lua_to_c.timed),
            },
            {
                id: 'back',
                title: 'callbacks',
                help: 'calls into Lua while it ran',
                numeric: true,
                width: '7rem',
                value: r => r.c_to_lua.calls,
                show: r => count(r.c_to_lua.calls),
            },
            {
                id: 'object',
                title: 'in',
                width: 'minmax(7rem, 1fr)',
                value: r => r.object ?? '',
                show: r => <span title={r.object ?? ''}>{baseName(r.object ?? '')}</span>,
            },
        ],
        [c],
    );
    return (
        <Card title="C functions">
            <Table
                name="C functions"
                rows={c.functions}
                columns={columns}
                sort={route.params['sort'] ?? '-calls'}
                onSort={sort => set({ sort }, true)}
                filter={route.params['q'] ?? ''}
                onFilter={q => set({ q }, true)}
                rowTitle={r => `${r.label}: ${plural(r.lua_to_c.calls, 'call')}`}
            />
        </Card>
    );
}

/** Called often and briefly: there the crossing itself is what costs. */
function Bursts({ c }: { c: Crossings }) {
    const { process, link } = useView();
    const seconds = Math.max(1e-9, process.report.duration_ns / 1e9);
    const bursts = burstsOf(process);
    const sampled = process.metrics.find(m => m.sampled);
    const rows = useMemo(
        () => c.functions.filter(f => f.lua_to_c.calls >= 1000 && (f.lua_to_c.mean_ns ?? Infinity) < 1000),
        [c],
    );
    const columns = useMemo<Column<CrossingRow>[]>(
        () => [
            { id: 'label', title: 'C function', width: 'minmax(11rem, 2fr)', value: r => r.label },
            calls('calls', 'calls'),
            {
                id: 'rate',
                title: 'in a second',
                help: 'mean over the whole run',
                numeric: true,
                width: '8rem',
                value: r => r.lua_to_c.calls / seconds,
                show: r => count(r.lua_to_c.calls / seconds),
            },
            {
                id: 'mean',
                title: 'each',
                numeric: true,
                width: '6rem',
                value: r => r.lua_to_c.mean_ns,
                show: r => nanoseconds(r.lua_to_c.mean_ns ?? 0),
            },
            {
                id: 'when',
                title: 'when',
                help: 'share of its samples in each fortieth of the run',
                width: '11rem',
                value: r => bursts.get(r.label)?.from ?? null,
                show: r => {
                    const burst = bursts.get(r.label);
                    return burst ? (
                        <Sparkline
                            values={burst.course}
                            label={`samples in ${r.label} over the run, most after ${nanoseconds(burst.from)}`}
                        />
                    ) : (
                        'no sample'
                    );
                },
            },
            {
                id: 'densest',
                title: 'most of it',
                help: 'the fortieth of the run with most of its samples, and how many of them are there',
                width: '13rem',
                value: r => bursts.get(r.label)?.share ?? null,
                show: r => {
                    const burst = bursts.get(r.label);
                    return burst && sampled ? (
                        <a
                            href={link('flame', {
                                metric: sampled.id,
                                from: burst.from,
                                to: burst.to,
                                q: r.label,
                            })}
                        >
                            {percent(burst.share, 1)} after {nanoseconds(burst.from)}
                        </a>
                    ) : (
                        '–'
                    );
                },
            },
        ],
        [seconds, bursts, sampled],
    );
    if (rows.length === 0) return null;
    return (
        <Card
            title="Bursts of short calls"
            means="Functions called at least 1,000 times with less than 1 µs each: fewer, larger calls would save the way there and back. Calls are counted over the whole run; when they came is told by the samples that were taken in them."
        >
            <Table name="bursts of short calls" rows={rows} columns={columns} sort="-calls" height={260} />
        </Card>
    );
}

function Callbacks({ c }: { c: Crossings }) {
    const rows = useMemo(() => c.functions.filter(f => f.c_to_lua.calls > 0), [c]);
    const columns = useMemo<Column<CrossingRow>[]>(
        () => [
            {
                id: 'label',
                title: 'while this C function ran',
                width: 'minmax(11rem, 2fr)',
                value: r => r.label,
            },
            {
                id: 'up',
                title: 'into Lua',
                numeric: true,
                width: '8rem',
                value: r => r.c_to_lua.calls,
                show: r => count(r.c_to_lua.calls),
            },
            {
                id: 'per',
                title: 'for each call',
                numeric: true,
                width: '8rem',
                value: r => r.c_to_lua.calls / Math.max(1, r.lua_to_c.calls),
                show: r => (r.lua_to_c.calls ? (r.c_to_lua.calls / r.lua_to_c.calls).toFixed(2) : '–'),
            },
            {
                id: 'mean',
                title: 'each',
                numeric: true,
                width: '6rem',
                value: r => r.c_to_lua.mean_ns,
                show: r => (r.c_to_lua.mean_ns === null ? '–' : nanoseconds(r.c_to_lua.mean_ns)),
            },
            {
                id: 'total',
                title: 'total',
                numeric: true,
                width: '11rem',
                value: r => r.c_to_lua.total_ns,
                show: r => estimate(r.c_to_lua.total_ns, r.c_to_lua.error_ns),
            },
        ],
        [],
    );
    if (rows.length === 0) return null;
    return (
        <Card
            title="Callbacks"
            means="Calls from C back into Lua: by pcall, gsub with a function, sort with a comparison and the like."
        >
            <Table name="callbacks" rows={rows} columns={columns} sort="-up" height={260} />
        </Card>
    );
}
