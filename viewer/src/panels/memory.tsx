// Memory: how much over time, of what kind, at the peak and at the end, by whom, and what was never given back.
import { useMemo } from 'preact/hooks';
import { useView } from '../app/context';
import { wordOf } from '../app/route';
import type { Process, Series } from '../model/page';
import { withoutLua, type Allocations } from '../model/report';
import { bytes, count, exact, percent } from '../model/units';
import { Card, Empty, Figure, Share, Toggle } from '../widgets/bits';
import { Chart } from '../widgets/chart';
import { Table, type Column } from '../widgets/table';
import { CObjects, States } from './memory_tables';
import { Leaks, Places } from './memory_places';
import { Collector } from './collector';
import { Growth } from './growth';

export function MemoryPanel() {
    const { process } = useView();
    const a = process.report.allocations;
    if (!a)
        return (
            <Empty title="Allocations are not in this trace." command="modprof run -o app.mprof -- app args">
                They are counted in every run whose Lua is covered.
            </Empty>
        );
    const nothing = withoutLua(process.report);
    if (nothing && a.c.peak_bytes === 0)
        return (
            <Empty title={nothing} command="modprof run -o app.mprof -- app args">
                Memory is counted from the first Lua state on; the first page says what is covered and what is
                missing.
            </Empty>
        );
    return (
        <>
            <Figures a={a} process={process} />
            <OverTime process={process} />
            <div class="columns">
                <Kinds a={a} />
                <Classes a={a} />
            </div>
            <Places />
            <Growth />
            <Leaks />
            <Collector />
            <States states={a.lua.states} />
            <CObjects c={a.c} />
        </>
    );
}

function Figures({ a, process }: { a: Allocations; process: Process }) {
    const o = process.report.overview;
    return (
        <Card title="In all">
            <div class="figures">
                {o && (
                    <>
                        <Figure
                            label="Lua at peak"
                            value={bytes(o.lua_peak_bytes)}
                            title={exact(o.lua_peak_bytes, 'bytes')}
                        />
                        <Figure
                            label="Lua at the end"
                            value={bytes(o.lua_live_bytes)}
                            title={exact(o.lua_live_bytes, 'bytes')}
                            means="Held when the states were closed, or when the trace ended: what collectgarbage('count') would say."
                        />
                    </>
                )}
                <Figure
                    label="allocated by Lua"
                    value={bytes(a.lua.bytes)}
                    title={exact(a.lua.bytes, 'bytes')}
                    means="All new blocks, whatever was freed again."
                />
                <Figure label="blocks" value={count(a.lua.blocks)} />
                <Figure
                    label="resized"
                    value={count(a.lua.resized)}
                    title={`grown by ${exact(a.lua.grown_bytes, 'bytes')}, shrunk by ${exact(a.lua.shrunk_bytes, 'bytes')}`}
                />
                {a.lua.grown_bytes > 0 && (
                    <Figure
                        label="growth of these"
                        value={bytes(a.lua.grown_bytes)}
                        title={exact(a.lua.grown_bytes, 'bytes')}
                        means="What resized blocks grew by; it is not in what was allocated."
                    />
                )}
                {a.lua.refused > 0 && <Figure label="refused" value={count(a.lua.refused)} />}
                {a.c.covered && (
                    <>
                        <Figure
                            label="C at peak"
                            value={bytes(a.c.peak_bytes)}
                            title={exact(a.c.peak_bytes, 'bytes')}
                            means="malloc and its kin outside of Lua's allocator: nothing is counted twice."
                        />
                        <CAtTheEnd live={a.c.live_bytes} />
                    </>
                )}
                {!!process.report.ending.max_rss_bytes && (
                    <Figure
                        label="resident at most"
                        value={bytes(process.report.ending.max_rss_bytes)}
                        title={exact(process.report.ending.max_rss_bytes, 'bytes')}
                    />
                )}
            </div>
        </Card>
    );
}

/** As the text report says it: what was there before counting began may be given back. */
function CAtTheEnd({ live }: { live: number }) {
    return live < 0 ? (
        <Figure
            label="C at the end"
            value={`${bytes(-live)} less`}
            title={exact(live, 'bytes')}
            means="than when counting began: more was given back of what was there before than was made and kept since."
        />
    ) : (
        <Figure label="C at the end" value={bytes(live)} title={exact(live, 'bytes')} />
    );
}

const OVERS = ['heaps', 'kinds', 'rates'] as const;
const OVER_TITLES = { heaps: 'Lua, C and resident', kinds: 'Lua by kind', rates: 'allocated in a second' };

function OverTime({ process }: { process: Process }) {
    const { theme, route, set } = useView();
    const all = { heaps: process.memory, kinds: process.memoryKinds, rates: process.memoryRates };
    const over = wordOf(route, 'over', OVERS);
    const series: Series | null = all[over];
    return (
        <Card
            title="Over time"
            means="The heap at moments of the run. Drag over a stretch to zoom in, double click for all of it."
        >
            <div class="toolbar" role="toolbar" aria-label="What is drawn">
                {OVERS.filter(o => all[o] !== null).map(o => (
                    <Toggle
                        key={o}
                        label={OVER_TITLES[o]}
                        on={o === over}
                        onChange={() => set({ over: o })}
                    />
                ))}
            </div>
            {series && series.at.length > 1 ? (
                <Chart
                    series={series}
                    theme={theme}
                    name={`memory over time: ${OVER_TITLES[over]}`}
                    unit="bytes"
                    marks={process.marks}
                />
            ) : (
                <Empty title="There is no course of this.">
                    Moments are recorded while a trace is written: this run was too short for them, or did not
                    record it.
                </Empty>
            )}
        </Card>
    );
}

type KindRow = Allocations['lua']['kinds'][number];
type ClassRow = Allocations['lua']['size_classes'][number];

function Kinds({ a }: { a: Allocations }) {
    const columns = useMemo<Column<KindRow>[]>(
        () => [
            { id: 'kind', title: 'kind', width: 'minmax(6rem, 1fr)', value: r => r.kind },
            {
                id: 'blocks',
                title: 'blocks',
                numeric: true,
                width: '6rem',
                value: r => r.blocks,
                show: r => count(r.blocks),
            },
            {
                id: 'bytes',
                title: 'bytes',
                numeric: true,
                width: '8rem',
                value: r => r.bytes,
                show: r => (
                    <Share part={r.bytes} whole={a.lua.bytes}>
                        {bytes(r.bytes)}
                    </Share>
                ),
            },
            {
                id: 'share',
                title: 'share',
                numeric: true,
                width: '5.6rem',
                value: r => r.bytes / Math.max(1, a.lua.bytes),
                show: r => percent(r.bytes, a.lua.bytes),
            },
        ],
        [a],
    );
    return (
        <Card
            title="By kind"
            means="What Lua allocated, by kind of object. “other” are arrays and hash parts of tables, stacks and buffers."
        >
            <Table name="allocations by kind" rows={a.lua.kinds} columns={columns} sort="-bytes" />
        </Card>
    );
}

function Classes({ a }: { a: Allocations }) {
    const most = Math.max(1, ...a.lua.size_classes.map(c => c.blocks));
    const columns = useMemo<Column<ClassRow>[]>(
        () => [
            {
                id: 'to',
                title: 'up to',
                numeric: true,
                width: '7rem',
                value: r => r.up_to_bytes,
                show: r => (r.up_to_bytes === null ? 'larger' : bytes(r.up_to_bytes)),
            },
            {
                id: 'blocks',
                title: 'made',
                help: 'new, or resized into this class',
                numeric: true,
                width: 'minmax(7rem, 1fr)',
                value: r => r.blocks,
                show: r => (
                    <Share part={r.blocks} whole={most}>
                        {count(r.blocks)}
                    </Share>
                ),
            },
            {
                id: 'gone',
                title: 'gone',
                help: 'freed, or resized out of it',
                numeric: true,
                width: '7rem',
                value: r => r.gone,
                show: r => count(r.gone),
            },
            {
                id: 'left',
                title: 'left',
                numeric: true,
                width: '6rem',
                help: 'there at the end; in a forked child also what it inherited',
                value: r => r.left,
                show: r => count(r.left),
            },
        ],
        [most],
    );
    return (
        <Card title="By size">
            <Table name="allocations by size" rows={a.lua.size_classes} columns={columns} sort="" />
        </Card>
    );
}
