// Source: what each line cost, beside its text where that is in the page.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useView } from '../app/context';
import { numberOf } from '../app/route';
import { linesOf, type LineWeights } from '../model/annotate';
import { Kind, type Metric } from '../model/page';
import { amount, exact, percent } from '../model/units';
import { Card, Empty, Select, Share } from '../widgets/bits';
import { Table, type Column } from '../widgets/table';
import { metricTitle, pickMetric } from './flame_data';

export function SourcePanel() {
    const { process, route, set } = useView();
    const withLines = process.metrics.filter(m => m.stacks.id === 'code');
    const metric = withLines.find(m => m.id === route.params['metric']) ?? withLines[0] ?? null;
    const known = linesOf(process, metric);
    const files = useMemo(() => {
        const names = new Set([...known.keys(), ...process.sources.keys()]);
        // Libraries are files too, but have no text.
        for (let f = 0; f < process.frames.functions.n; f++)
            if (process.frames.functions.kind[f] !== Kind.Lua)
                names.delete(process.frames.strings[process.frames.functions.file[f]!]!);
        return [...names]
            .filter(Boolean)
            .sort((a, b) => (known.get(b)?.selfSum ?? 0) - (known.get(a)?.selfSum ?? 0) || (a < b ? -1 : 1));
    }, [known, process]);
    if (files.length === 0)
        return (
            <Empty
                title="No line of Lua is known in this page."
                command="modprof run --cpu -o app.mprof -- app args"
            >
                Lines come from samples of CPU time or of allocations; `modprof export --format html
                --with-source` puts the text beside them.
            </Empty>
        );
    const file = files.find(f => f === route.params['file']) ?? files[0]!;
    const whole = metric ? metric.self.reduce((s, v) => s + v, 0) : 0;
    return (
        <>
            <div class="toolbar" role="toolbar" aria-label="Which file">
                <Select
                    label="file"
                    wide
                    value={file}
                    choices={files.map(f => ({
                        value: f,
                        title: metric ? `${f} (${percent(known.get(f)?.selfSum ?? 0, whole)})` : f,
                    }))}
                    onChange={f => set({ file: f, line: '' })}
                />
                {withLines.length > 1 && metric && (
                    <Select
                        label="metric"
                        value={metric.id}
                        choices={withLines.map(m => ({ value: m.id, title: metricTitle(m.id) }))}
                        onChange={m => set({ metric: m })}
                    />
                )}
            </div>
            <FileLines
                key={file}
                file={file}
                metric={metric ?? pickMetric(process, undefined)}
                weights={known.get(file)}
                whole={whole}
            />
        </>
    );
}

interface Line {
    readonly n: number;
    readonly text: string;
    readonly self: number;
    readonly total: number;
}

function FileLines(p: {
    file: string;
    metric: Metric | null;
    weights: LineWeights | undefined;
    whole: number;
}) {
    const { process } = useView();
    const source = process.sources.get(p.file);
    const why = process.sourcesLeftOut.find(s => s.file === p.file)?.why;
    const lines = useMemo<Line[]>(() => {
        const of = (n: number, text: string) => ({
            n,
            text,
            self: p.weights?.self.get(n) ?? 0,
            total: p.weights?.total.get(n) ?? 0,
        });
        if (source !== undefined) return source.split(/\r?\n/).map((t, i) => of(i + 1, t));
        return [...(p.weights?.total.keys() ?? [])].sort((a, b) => a - b).map(n => of(n, ''));
    }, [source, p.weights]);
    const unit = p.metric?.unit ?? 'ns';
    if (source !== undefined) return <Text lines={lines} unit={unit} whole={p.whole} file={p.file} />;
    return (
        <Card title={p.file}>
            <p class="note">
                {why ??
                    'The text of this file is not in the page: `modprof export --format html --with-source` and `modprof view --with-source` put it in.'}
            </p>
            <LineTable lines={lines} unit={unit} whole={p.whole} />
        </Card>
    );
}

type Measure = { lines: readonly Line[]; unit: 'ns' | 'bytes' | 'count'; whole: number };

function LineTable({ lines, unit, whole }: Measure) {
    const columns = useMemo<Column<Line>[]>(
        () => [
            { id: 'n', title: 'line', numeric: true, width: '5rem', value: l => l.n },
            {
                id: 'self',
                title: 'self',
                numeric: true,
                width: '8rem',
                value: l => l.self,
                show: l => (
                    <Share part={l.self} whole={whole}>
                        {amount(l.self, unit)}
                    </Share>
                ),
            },
            {
                id: 'total',
                title: 'total',
                numeric: true,
                width: '8rem',
                value: l => l.total,
                show: l => (
                    <Share part={l.total} whole={whole}>
                        {amount(l.total, unit)}
                    </Share>
                ),
            },
        ],
        [unit, whole],
    );
    return <Table name="lines of the file" rows={lines} columns={columns} sort="-self" />;
}

const ROW = 20;

/** The text with its margin; only lines in view are built. */
function Text({ lines, unit, whole, file }: Measure & { file: string }) {
    const { route, set } = useView();
    const box = useRef<HTMLDivElement>(null);
    const hottest = useMemo(() => lines.filter(l => l.self > 0).sort((a, b) => b.self - a.self), [lines]);
    const at = numberOf(route, 'line') ?? hottest[0]?.n ?? 1;
    const [top, setTop] = useState(0);
    const height = 620;
    useEffect(() => {
        if (box.current) box.current.scrollTop = Math.max(0, (at - 10) * ROW);
    }, [file, at]);
    const first = Math.max(0, Math.floor(top / ROW) - 5);
    const last = Math.min(lines.length, Math.ceil((top + height) / ROW) + 5);
    const step = (by: number) => {
        const rank = hottest.findIndex(l => l.n === at);
        const next = hottest[Math.max(0, Math.min(hottest.length - 1, rank + by))];
        if (next) set({ line: next.n }, true);
    };
    return (
        <Card title={file}>
            {hottest.length > 0 && (
                <p class="row">
                    <button type="button" onClick={() => step(-1)}>
                        hotter line
                    </button>
                    <button type="button" onClick={() => step(1)}>
                        next hottest
                    </button>
                    <span class="muted">
                        line {at}: {amount(lines[at - 1]?.self ?? 0, unit)} itself,{' '}
                        {percent(lines[at - 1]?.self ?? 0, whole)} of all
                    </span>
                </p>
            )}
            <div class="source-head" aria-hidden="true">
                <span class="source-num">itself</span>
                <span class="source-num">in all</span>
                <span class="source-no">line</span>
            </div>
            <div
                ref={box}
                class="source"
                style={{ maxHeight: `${height}px` }}
                tabIndex={0}
                role="region"
                aria-label={`Text of ${file}`}
                onScroll={e => setTop(e.currentTarget.scrollTop)}
            >
                <div style={{ height: `${lines.length * ROW}px`, position: 'relative' }}>
                    {lines.slice(first, last).map(l => (
                        <div
                            key={l.n}
                            class={`source-line ${l.n === at ? 'at' : ''}`}
                            style={{ top: `${(l.n - 1) * ROW}px` }}
                            title={
                                l.total > 0
                                    ? `itself ${exact(l.self, unit)}, in all ${exact(l.total, unit)}`
                                    : undefined
                            }
                            onClick={() => set({ line: l.n }, true)}
                        >
                            <span class="source-num">
                                {l.self > 0 ? (
                                    <Share part={l.self} whole={hottest[0]!.self}>
                                        {amount(l.self, unit)}
                                    </Share>
                                ) : (
                                    ''
                                )}
                            </span>
                            <span class="source-num">{l.total > 0 ? amount(l.total, unit) : ''}</span>
                            <span class="source-no">{l.n}</span>
                            <code>{l.text}</code>
                        </div>
                    ))}
                </div>
            </div>
        </Card>
    );
}
