// Load: what was loaded when and by whom, how long each phase took, and where files were looked for in vain.
import { useMemo } from 'preact/hooks';
import { useOnce, useView } from '../app/context';
import { useShortcuts } from '../app/keys';
import { numberOf, wordOf } from '../app/route';
import { namedColour } from '../draw/colours';
import { loadTree, PHASES, segments, unfolded, type LoadRow } from '../layout/waterfall';
import { plainTime, withoutPauses, type LoadTime } from '../layout/load_time';
import { withoutLua, type ModuleRow } from '../model/report';
import { bytes, exact, nanoseconds } from '../model/units';
import { Card, Empty, Legend, Share, Toggle } from '../widgets/bits';
import { Table, type Column } from '../widgets/table';
import { AgainTables, MissTable } from './load_tables';

const VIEWS = ['waterfall', 'table', 'misses', 'again'] as const;
const TITLES = {
    waterfall: 'waterfall',
    table: 'table',
    misses: 'looked for in vain',
    again: 'asked for again',
};

export function LoadPanel() {
    const { process, route, set } = useView();
    const modules = process.report.modules ?? [];
    const view = wordOf(route, 'view', VIEWS);
    useShortcuts([
        {
            keys: 'v',
            says: 'next view',
            run: () => set({ view: VIEWS[(VIEWS.indexOf(view) + 1) % VIEWS.length] }),
        },
    ]);
    if (modules.length === 0)
        return (
            <Empty title={withoutLua(process.report) ?? 'No module was loaded while modprof watched.'}>
                Loads are recorded in every run from the start of the process; a program that was attached
                late, or that has no Lua 5.4, has none.
            </Empty>
        );
    return (
        <>
            <div class="toolbar" role="toolbar" aria-label="Views">
                {VIEWS.map(v => (
                    <Toggle
                        key={v}
                        label={TITLES[v]}
                        on={v === view}
                        onChange={() => set({ view: v, sort: '', q: '' })}
                    />
                ))}
            </div>
            <Chosen modules={modules} />
            {view === 'waterfall' && <Waterfall modules={modules} />}
            {view === 'table' && <ModuleTable modules={modules} />}
            {view === 'misses' && <MissTable modules={modules} />}
            {view === 'again' && <AgainTables />}
        </>
    );
}

function Waterfall({ modules }: { modules: ModuleRow[] }) {
    const { process, route, set, theme } = useView();
    const all = useOnce(modules, 'tree', () => loadTree(modules));
    const folded = useMemo(
        () => new Set((route.params['fold'] ?? '').split('.').filter(Boolean).map(Number)),
        [route.params['fold']],
    );
    const whole = route.params['range'] === 'run';
    const zoomed = all.find(r => r.m.id === numberOf(route, 'zoom'))?.m;
    const duration = process.report.duration_ns;
    const time = useMemo(
        () =>
            zoomed
                ? plainTime(zoomed.begin_ns, zoomed.begin_ns + Math.max(1, zoomed.total_ns))
                : whole
                  ? plainTime(0, Math.max(1, duration))
                  : withoutPauses(modules),
        [modules, zoomed, whole, duration],
    );
    const { from, to } = time;
    const rows = useMemo(() => {
        const seen = unfolded(all, folded);
        return zoomed ? seen.filter(r => r.m.begin_ns + r.m.total_ns >= from && r.m.begin_ns <= to) : seen;
    }, [all, folded, zoomed]);
    const fold = (id: number) => {
        const next = new Set(folded);
        if (!next.delete(id)) next.add(id);
        set({ fold: [...next].join('.') }, true);
    };
    const columns = useMemo<Column<LoadRow>[]>(
        () => [
            {
                id: 'name',
                title: 'module',
                width: 'minmax(8.5rem, 1fr)',
                value: r => r.m.name,
                show: r => (
                    <>
                        {r.children.length > 0 ? (
                            <button
                                type="button"
                                class="fold"
                                aria-expanded={!folded.has(r.m.id)}
                                aria-label={`${folded.has(r.m.id) ? 'Unfold' : 'Fold'} ${r.m.name}`}
                                onClick={e => {
                                    e.stopPropagation();
                                    fold(r.m.id);
                                }}
                            >
                                {folded.has(r.m.id) ? '▸' : '▾'}
                            </button>
                        ) : (
                            <span class="fold" />
                        )}
                        <span class={r.m.status === 'failed' ? 'bad' : ''}>{r.m.name}</span>
                    </>
                ),
            },
            {
                id: 'bar',
                title: 'when',
                width: 'minmax(10rem, 4fr)',
                value: r => r.m.begin_ns,
                show: r => (
                    <span class="wf">
                        {segments(r, time).map((s, i) => (
                            <i
                                key={i}
                                title={`${s.phase}: ${nanoseconds(s.ns)}`}
                                style={{
                                    left: `${100 * s.from}%`,
                                    width: `max(1px, ${100 * (s.to - s.from)}%)`,
                                    background: namedColour(s.phase, theme),
                                }}
                            />
                        ))}
                    </span>
                ),
            },
            {
                id: 'total',
                title: 'total',
                numeric: true,
                width: '5.2rem',
                value: r => r.m.total_ns,
                show: r => nanoseconds(r.m.total_ns),
            },
            {
                id: 'self',
                title: 'self',
                numeric: true,
                width: '5.2rem',
                value: r => r.m.self_ns,
                show: r => nanoseconds(r.m.self_ns),
            },
        ],
        [folded, time, theme],
    );
    return (
        <section class="card" aria-label="Waterfall of module loads">
            <div class="row">
                <span>
                    {nanoseconds(from)} to {nanoseconds(to)} after the process started
                    {zoomed ? `: while ${zoomed.name} was loaded` : ''}
                </span>
                {zoomed && (
                    <button type="button" onClick={() => set({ zoom: '' })}>
                        all of it
                    </button>
                )}
                {!zoomed && (
                    <Toggle
                        label="whole run"
                        title="real time, with the pauses in which nothing is loaded"
                        on={whole}
                        onChange={on => set({ range: on ? 'run' : '' })}
                    />
                )}
                <span class="grow" />
                <button
                    type="button"
                    onClick={() =>
                        set(
                            {
                                fold: all
                                    .filter(r => r.children.length > 0)
                                    .map(r => r.m.id)
                                    .join('.'),
                            },
                            true,
                        )
                    }
                >
                    fold all
                </button>
                <button type="button" onClick={() => set({ fold: '' }, true)}>
                    unfold all
                </button>
            </div>
            <Axis time={time} />
            <Table
                name="module loads"
                rows={rows}
                columns={columns}
                sort={route.params['sort'] ?? ''}
                onSort={sort => set({ sort }, true)}
                filter={route.params['q'] ?? ''}
                onFilter={q => set({ q }, true)}
                indent={r => r.depth}
                current={r => r.m.id === numberOf(route, 'module')}
                onOpen={r => set({ module: r.m.id })}
                rowTitle={r =>
                    `${r.m.name}: ${exact(r.m.total_ns, 'ns')}, itself ${exact(r.m.self_ns, 'ns')}`
                }
                height={560}
            />
            <Legend names={[...PHASES, 'nested']} theme={theme} />
        </section>
    );
}

/** What the column of bars stands for. */
function Axis({ time }: { time: LoadTime }) {
    const pauses = time.to - time.from - time.loading;
    return (
        <p class="muted small">
            The column <em>when</em> is {nanoseconds(time.loading)} wide
            {pauses > 1 && `: pauses of ${nanoseconds(pauses)} in which nothing was loaded are left out`}. A
            click on a row shows its phases and the files that were tried.
        </p>
    );
}

function ModuleTable({ modules }: { modules: ModuleRow[] }) {
    const { route, set } = useView();
    const whole = useOnce(modules, 'self sum', () => modules.reduce((s, m) => s + m.self_ns, 0));
    const columns = useMemo<Column<ModuleRow>[]>(() => {
        const time = (
            id: string,
            title: string,
            of: (m: ModuleRow) => number,
            help?: string,
        ): Column<ModuleRow> => ({
            id,
            title,
            ...(help ? { help } : {}),
            numeric: true,
            width: '5.2rem',
            value: of,
            show: m => (of(m) ? nanoseconds(of(m)) : '–'),
        });
        return [
            { id: 'name', title: 'module', width: 'minmax(11rem, 2fr)', value: m => m.name },
            {
                id: 'load',
                title: 'what',
                width: '6.5rem',
                value: m => (m.load === 'unknown' ? m.kind : m.load),
            },
            time('total', 'total', m => m.total_ns, 'with all that it loads'),
            {
                id: 'self',
                title: 'self',
                help: 'without what it loads',
                numeric: true,
                width: '6.2rem',
                value: m => m.self_ns,
                show: m => (
                    <Share part={m.self_ns} whole={whole}>
                        {nanoseconds(m.self_ns)}
                    </Share>
                ),
            },
            time('resolve', 'resolve', m => m.phases_ns.resolve ?? 0, 'finding the file'),
            time('read', 'read', m => m.phases_ns.read ?? 0),
            time('compile', 'compile', m => m.phases_ns.compile ?? 0),
            time('run', 'run', m => m.run_self_ns, 'its body, without nested loads'),
            {
                id: 'tried',
                title: 'tried',
                help: 'files tried to find it',
                numeric: true,
                width: '4.5rem',
                value: m => m.tried.length,
            },
            {
                id: 'lua',
                title: 'Lua heap',
                help: 'gained, without nested loads',
                numeric: true,
                width: '6.2rem',
                value: m => m.lua_self_bytes,
                show: m => bytes(m.lua_self_bytes),
            },
            {
                id: 'source',
                title: 'source',
                numeric: true,
                width: '5.2rem',
                value: m => m.source_bytes,
                show: m => bytes(m.source_bytes),
            },
            { id: 'status', title: 'ended', width: '5rem', value: m => m.status },
        ];
    }, [whole]);
    return (
        <Card title="Modules">
            <Table
                name="modules"
                rows={modules}
                columns={columns}
                sort={route.params['sort'] ?? '-self'}
                onSort={sort => set({ sort }, true)}
                filter={route.params['q'] ?? ''}
                onFilter={q => set({ q }, true)}
                current={m => m.id === numberOf(route, 'module')}
                onOpen={m => set({ module: m.id })}
                height={560}
            />
        </Card>
    );
}

/** The module that the address names: everything about it. */
function Chosen({ modules }: { modules: ModuleRow[] }) {
    const { route, set, theme, link } = useView();
    const m = modules.find(x => x.id === numberOf(route, 'module'));
    useShortcuts(m ? [{ keys: 'Escape', says: `close ${m.name}`, run: () => set({ module: '' }) }] : []);
    if (!m) return null;
    const parent = modules.find(x => x.id === m.parent);
    return (
        <Card title={m.name} id="chosen">
            <div class="row">
                <span>
                    {m.load === 'unknown' ? m.kind : m.load}
                    {m.file ? ` ${m.file}` : ''} · begins {nanoseconds(m.begin_ns)} after start · takes{' '}
                    <strong title={exact(m.total_ns, 'ns')}>{nanoseconds(m.total_ns)}</strong>, itself{' '}
                    <strong title={exact(m.self_ns, 'ns')}>{nanoseconds(m.self_ns)}</strong>
                </span>
                <span class="grow" />
                <button type="button" onClick={() => set({ zoom: m.id, view: 'waterfall' })}>
                    zoom in
                </button>
                <button
                    type="button"
                    onClick={() => set({ module: '' })}
                    aria-label={`Close ${m.name}`}
                    title="close (Escape)"
                >
                    ✕
                </button>
            </div>
            {m.error && <p class="bad">{m.error}</p>}
            <p class="muted">
                {m.required_by
                    ? `asked for by ${m.required_by.replace(/^[@=]/, '')}${m.required_by_line ? `:${m.required_by_line}` : ''}`
                    : 'asked for by C'}
                {parent && (
                    <>
                        , while{' '}
                        <a href={link('load', { ...route.params, module: parent.id })}>{parent.name}</a> was
                        loaded
                    </>
                )}
            </p>
            <ul class="inline">
                {PHASES.filter(ph => m.phases_ns[ph]).map(ph => (
                    <li key={ph}>
                        <span class="swatch">
                            <i style={{ background: namedColour(ph, theme) }} aria-hidden="true" />
                            {ph} {nanoseconds(m.phases_ns[ph]!)}
                            {ph === 'run' && ` (itself ${nanoseconds(m.run_self_ns)})`}
                        </span>
                    </li>
                ))}
            </ul>
            {m.tried.length > 0 && (
                <details>
                    <summary>{m.tried.length} files tried</summary>
                    <ol>
                        {m.tried.map((t, i) => (
                            <li key={i}>
                                <code>{t.path}</code> {t.errno === 0 ? 'found' : `error ${t.errno}`},{' '}
                                {nanoseconds(t.duration_ns)}
                            </li>
                        ))}
                    </ol>
                </details>
            )}
        </Card>
    );
}
