// Diff: two traces side by side: a flame graph in red (more) and blue (less), and tables of what changed.
import { useMemo } from 'preact/hooks';
import { useOnce, useView } from '../app/context';
import { useShortcuts } from '../app/keys';
import { numberOf, wordOf } from '../app/route';
import { useTrace } from '../app/trace';
import { css, diffColour } from '../draw/colours';
import { diffTree, makeDiff, type DiffRow } from '../model/diff';
import type { Process, Trace, Unit } from '../model/page';
import { luaIsUnknown } from '../model/report';
import { find } from '../model/search';
import { amount, baseName, count, exact, percent, signed } from '../model/units';
import { escapes, Card, Empty, Select, Swatch, Toggle } from '../widgets/bits';
import { FlameView } from '../widgets/flame_view';
import { Table, type Column } from '../widgets/table';
import { BYS, metricTitle } from './flame_data';
import { DiffNumbers, sideTitle } from './diff_numbers';

export function DiffPanel() {
    const { page, route } = useView();
    const [first, second] = page.compare ?? [0, 1];
    const a = numberOf(route, 'a') ?? first;
    const b = numberOf(route, 'b') ?? Math.min(second, page.traces.length - 1);
    const before = useTrace(page, a);
    const after = useTrace(page, b);
    if (page.traces.length < 2)
        return (
            <Empty
                title="There is only one trace in this page."
                command="modprof view before.mprof after.mprof"
            >
                Give two to see what changed between them.
            </Empty>
        );
    const error = before.error ?? after.error;
    return (
        <>
            <Chosen a={a} b={b} />
            {error ? (
                <Empty title="A trace can not be shown.">{error}</Empty>
            ) : !before.trace || !after.trace ? (
                <p role="status">Loading the traces …</p>
            ) : (
                <Compared before={before.trace} after={after.trace} />
            )}
        </>
    );
}

function Chosen({ a, b }: { a: number; b: number }) {
    const { page, set } = useView();
    const choices = page.traces.map((t, i) => ({ value: String(i), title: baseName(t.name) }));
    return (
        <div class="toolbar" role="toolbar" aria-label="Which traces">
            <Select
                label="before"
                value={String(a)}
                choices={choices}
                onChange={v => set({ a: v, pa: '', zoom: '' })}
            />
            <Select
                label="after"
                value={String(b)}
                choices={choices}
                onChange={v => set({ b: v, pb: '', zoom: '' })}
            />
            <button type="button" onClick={() => set({ a: b, b: a, pa: '', pb: '', zoom: '' })}>
                swap
            </button>
        </div>
    );
}

function processChoices(t: Trace) {
    return t.processes.map((p, i) => ({
        value: String(i),
        title: `${p.report.pid} ${baseName(p.report.executable)}`,
    }));
}

function Compared({ before, after }: { before: Trace; after: Trace }) {
    const { route, set } = useView();
    const pa = before.processes[numberOf(route, 'pa') ?? 0] ?? before.processes[0];
    const pb = after.processes[numberOf(route, 'pb') ?? 0] ?? after.processes[0];
    if (!pa || !pb)
        return <Empty title="There is nothing to compare.">One of the traces holds no process.</Empty>;
    return (
        <>
            {(before.processes.length > 1 || after.processes.length > 1) && (
                <div class="toolbar">
                    <Select
                        label="process before"
                        value={String(pa.index)}
                        choices={processChoices(before)}
                        onChange={v => set({ pa: v })}
                    />
                    <Select
                        label="process after"
                        value={String(pb.index)}
                        choices={processChoices(after)}
                        onChange={v => set({ pb: v })}
                    />
                </div>
            )}
            <Doubts side="before" process={pa} />
            <Doubts side="after" process={pb} />
            <DiffNumbers before={pa} after={pb} />
            <Stacks before={pa} after={pb} />
        </>
    );
}

/** What is missing in a side looks like less: it is said before all numbers. */
function Doubts({ side, process }: { side: 'before' | 'after'; process: Process }) {
    const { incomplete, losses } = process.report;
    if (incomplete.length === 0 && losses.length === 0) return null;
    const says = [...incomplete, ...losses.map(l => `lost: ${count(l.n)} ${l.what}`)];
    return (
        <p class="note" role="note">
            The trace {side} is not complete ({says.join('; ')}): what is missing there counts for nothing
            here.
        </p>
    );
}

function Stacks({ before, after }: { before: Process; after: Process }) {
    const { route, set, theme } = useView();
    const both = before.metrics.map(m => m.id).filter(id => after.metrics.some(m => m.id === id));
    const id = both.find(m => m === route.params['metric']) ?? both[0];
    const by = wordOf(route, 'by', BYS);
    const side = wordOf(route, 'side', ['after', 'before'] as const);
    useShortcuts([
        {
            keys: 's',
            says: 'widths of before or after',
            run: () => set({ side: side === 'after' ? 'before' : '' }),
        },
    ]);
    const ma = before.metrics.find(m => m.id === id);
    const mb = after.metrics.find(m => m.id === id);
    const diff = useMemo(
        () =>
            ma && mb ? makeDiff({ process: before, metric: ma }, { process: after, metric: mb }, by) : null,
        [before, after, ma, mb, by],
    );
    const tree = useMemo(() => (diff ? diffTree(diff, side) : null), [diff, side]);
    const found = useMemo(
        () => (diff ? find(diff.shape.keys, route.params['q'] ?? '') : null),
        [diff, route.params['q']],
    );
    const lost = [before, after].find(
        p => luaIsUnknown(p.report) && !p.metrics.some(m => m.self.some(v => v > 0)),
    );
    if (lost)
        return (
            <Empty title={`There are no stacks of ${lost === before ? 'before' : 'after'} to compare.`}>
                What Lua did is not in that trace: see its Overview.
            </Empty>
        );
    if (!ma || !mb || !diff || !tree)
        return (
            <Empty
                title="The two have no metric in common."
                command="modprof run --cpu -o after.mprof -- app args"
            >
                Record both with the same options.
            </Empty>
        );
    const unit = ma.unit;
    const [ta, tb] = [diff.before.total[0]!, diff.after.total[0]!];
    return (
        <>
            <div class="toolbar" role="toolbar" aria-label="What is compared">
                <Select
                    label="metric"
                    value={ma.id}
                    choices={both.map(m => ({ value: m, title: metricTitle(m) }))}
                    onChange={metric => set({ metric, zoom: '' })}
                />
                <Select
                    label="by"
                    value={by}
                    choices={BYS.map(x => ({ value: x, title: x }))}
                    onChange={x => set({ by: x, zoom: '' })}
                />
                <Toggle
                    label="widths of before"
                    title="What is gone can only be seen there"
                    on={side === 'before'}
                    onChange={on => set({ side: on ? 'before' : '', zoom: '' })}
                />
                <label class="field search">
                    <span>search</span>
                    <input
                        type="search"
                        value={route.params['q'] ?? ''}
                        onInput={e => set({ q: e.currentTarget.value }, true)}
                        onKeyDown={escapes(() => set({ q: '' }, true))}
                    />
                </label>
            </div>
            <Card
                title={`${metricTitle(ma.id)}: ${amount(ta, unit)} ${sideTitle('before', before)}, ${amount(tb, unit)} ${sideTitle('after', after)} (${signed(tb - ta, unit)}${ta > 0 ? `, ${tb >= ta ? '+' : '−'}${percent(Math.abs(tb - ta), ta)}` : ''})`}
            >
                <FlameView
                    tree={tree}
                    unit={unit}
                    theme={theme}
                    zoom={route.params['zoom'] ?? ''}
                    onZoom={zoom => set({ zoom })}
                    found={found}
                    rootLabel={`all ${metricTitle(ma.id)} ${side}`}
                    name="Flame graph of the difference"
                />
                <div class="legend" aria-label="Legend">
                    {[-1, -0.3, 0, 0.3, 1].map(x => (
                        <Swatch key={x} colour={css(diffColour(x, theme))}>
                            {x === -1
                                ? 'gone or much less'
                                : x === 1
                                  ? 'new or much more'
                                  : x === 0
                                    ? 'as before'
                                    : x < 0
                                      ? 'less'
                                      : 'more'}
                        </Swatch>
                    ))}
                </div>
            </Card>
            <Changes rows={diff.rows} unit={unit} by={by} />
        </>
    );
}

function Changes({ rows, unit, by }: { rows: readonly DiffRow[]; unit: Unit; by: string }) {
    const { route, set } = useView();
    const columns = useMemo<Column<DiffRow>[]>(() => {
        const value = (id: string, title: string, of: (r: DiffRow) => number): Column<DiffRow> => ({
            id,
            title,
            numeric: true,
            width: '7rem',
            value: of,
            show: r => amount(of(r), unit),
        });
        const change = (id: string, title: string, of: (r: DiffRow) => number): Column<DiffRow> => ({
            id,
            title,
            numeric: true,
            width: '7.5rem',
            value: of,
            show: r => (
                <span class={of(r) > 0 ? 'more' : of(r) < 0 ? 'less' : ''}>{signed(of(r), unit)}</span>
            ),
        });
        return [
            { id: 'label', title: by, width: 'minmax(12rem, 2fr)', value: r => r.label },
            value('selfa', 'self before', r => r.before.self),
            value('selfb', 'self after', r => r.after.self),
            change('self', 'self change', r => r.after.self - r.before.self),
            value('totala', 'total before', r => r.before.total),
            value('totalb', 'total after', r => r.after.total),
            change('total', 'total change', r => r.after.total - r.before.total),
            {
                id: 'size',
                title: 'by how much',
                help: 'self has changed, up or down',
                numeric: true,
                width: '8.5rem',
                value: r => Math.abs(r.after.self - r.before.self),
                show: r => amount(Math.abs(r.after.self - r.before.self), unit),
            },
        ];
    }, [unit, by]);
    const changed = useOnce(rows, 'changed', () =>
        rows.filter(r => r.before.total !== 0 || r.after.total !== 0),
    );
    return (
        <Card title="What changed">
            <Table
                name={`changes by ${by}`}
                rows={changed}
                columns={columns}
                sort={route.params['sort'] ?? '-size'}
                onSort={sort => set({ sort }, true)}
                rowTitle={r =>
                    `${r.label}: itself ${exact(r.before.self, unit)} before, ${exact(r.after.self, unit)} after`
                }
            />
        </Card>
    );
}
