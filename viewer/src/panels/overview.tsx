// Overview: what ran, what was covered and lost, what the budgets say, and what to look at first.
import { useMemo } from 'preact/hooks';
import { useView } from '../app/context';
import { facts, whyNoSamples } from '../model/facts';
import type { Process } from '../model/page';
import { withoutLua, type ReportProcess } from '../model/report';
import { baseName, bytes, count, exact, moment, nanoseconds, plural } from '../model/units';
import { Card, Empty, Figure, Legend, Parts } from '../widgets/bits';
import { Table, type Column } from '../widgets/table';

export function OverviewPanel() {
    const { process, trace } = useView();
    return (
        <>
            <Ran process={process} />
            <div class="columns">
                <Worth />
                <Trust process={process} />
            </div>
            <Doing process={process} />
            <Verdict />
            {trace.processes.length > 1 && <Processes />}
        </>
    );
}

/** A process without an end record still runs, or was killed, or its trace is cut off. */
const howEnded = (r: ReportProcess) =>
    r.ending.text === 'unknown' ? 'still running, or its end was not recorded' : r.ending.text;

function Ran({ process }: { process: Process }) {
    const { link } = useView();
    const r = process.report;
    const o = r.overview;
    const cold = o?.cold_start;
    const waited = r.ending.queued_ns ?? 0;
    const nothing = withoutLua(r);
    return (
        <Card title="What ran">
            <p class="command">
                <code>{r.arguments.join(' ') || r.executable}</code>
            </p>
            <p class="muted">
                {r.executable}, process {r.pid}
                {r.forked_from ? `, forked from ${r.forked_from}` : ''} · {moment(r.started_unix_ns)} · in{' '}
                {r.directory} · <strong class={r.ending.status === 0 ? '' : 'bad'}>{howEnded(r)}</strong>
            </p>
            <div class="figures">
                <Figure
                    label="ran"
                    value={(r.end_unseen ? '≥ ' : '') + nanoseconds(r.duration_ns)}
                    title={exact(r.duration_ns, 'ns')}
                    {...(r.end_unseen
                        ? { means: 'Nobody saw when it ended: at least this long.' }
                        : r.start_estimated
                          ? { means: 'The start was estimated when modprof attached: at least this long.' }
                          : {})}
                />
                {cold?.main_ns != null && (
                    <Figure
                        label="to the first line"
                        value={nanoseconds(cold.main_ns)}
                        title={exact(cold.main_ns, 'ns')}
                        means="Cold start: from the start of the process until the first line of the main script runs."
                    />
                )}
                {o && !nothing && (
                    <>
                        <Figure
                            label="modules loaded"
                            value={count(
                                ['lua_files', 'c_libraries', 'built_in', 'other'].reduce(
                                    (s, k) => s + (o.modules[k] ?? 0),
                                    0,
                                ),
                            )}
                            href={link('load')}
                        />
                        <Figure
                            label="loading modules"
                            value={nanoseconds(o.modules['total_ns'] ?? 0)}
                            title={exact(o.modules['total_ns'] ?? 0, 'ns')}
                            href={link('load')}
                        />
                        <Figure
                            label="Lua memory at peak"
                            value={bytes(o.lua_peak_bytes)}
                            title={exact(o.lua_peak_bytes, 'bytes')}
                            href={link('memory')}
                        />
                        <Figure
                            label="calls from Lua into C"
                            value={count(o.lua_to_c_calls)}
                            href={link('crossings')}
                            means="Crossings: every call of a C function by Lua code, counted exactly."
                        />
                    </>
                )}
                {r.cpu && r.cpu.samples > 0 && (
                    <Figure
                        label={`${r.cpu.sampler.clock === 'wall' ? 'wall time' : 'CPU time'} in ${plural(r.cpu.samples, 'sample')}`}
                        value={nanoseconds(r.cpu.time_ns)}
                        title={exact(r.cpu.time_ns, 'ns')}
                        href={link('flame', { metric: r.cpu.sampler.clock })}
                    />
                )}
                {waited > 1e6 && waited > 0.02 * r.duration_ns && (
                    <Figure
                        label="waited for a processor"
                        value={nanoseconds(waited)}
                        title={exact(waited, 'ns')}
                        means="The machine was busy: times on the clock, as those of module loads, hold that."
                    />
                )}
                {!!r.ending.max_rss_bytes && (
                    <Figure
                        label="resident at most"
                        value={bytes(r.ending.max_rss_bytes)}
                        title={exact(r.ending.max_rss_bytes, 'bytes')}
                    />
                )}
            </div>
            {nothing && <p>{nothing}</p>}
        </Card>
    );
}

function Worth() {
    const { process, trace, link } = useView();
    const list = useMemo(() => facts(trace, process), [trace, process]);
    return (
        <Card title="Worth knowing">
            {list.length === 0 ? (
                <p class="muted">Nothing stands out.</p>
            ) : (
                <ol class="facts">
                    {list.map(f => (
                        <li key={f.text}>
                            <a href={link(f.page, f.params)}>{f.text}</a>
                        </li>
                    ))}
                </ol>
            )}
        </Card>
    );
}

function Trust({ process }: { process: Process }) {
    const r = process.report;
    const lists: [string, string[]][] = [
        ['Not covered', r.not_covered],
        ['Not complete', r.incomplete],
        ['Lost', r.losses.map(l => `${l.what}: ${count(l.n)}`)],
        ['Left out of this page', [...process.pruned]],
    ];
    return (
        <Card
            title="Coverage and losses"
            id="coverage"
            means="What modprof could see of the program. What was not covered is not in the figures; it is not zero."
        >
            <ul class="plain">
                {r.copies.map((c, i) => (
                    <li key={i}>
                        <span class={`mark ${c.status === 'covered' ? 'good' : 'warn'}`}>{c.status}</span>{' '}
                        {c.lua ?? 'Lua'} in {c.object ?? '?'}
                        {c.reason ? `: ${c.reason}` : ''}
                    </li>
                ))}
                {r.copies.length === 0 && <li>No Lua 5.4 was found in the process.</li>}
            </ul>
            {lists.map(([title, rows]) =>
                rows.length === 0 ? null : (
                    <div key={title}>
                        <h3>{title}</h3>
                        <ul>
                            {rows.slice(0, 20).map(s => (
                                <li key={s}>{s}</li>
                            ))}
                            {rows.length > 20 && (
                                <li class="muted">
                                    and {rows.length - 20} more; `modprof report` lists them
                                </li>
                            )}
                        </ul>
                    </div>
                ),
            )}
            {lists.every(([, rows]) => rows.length === 0) && (
                <p class="muted">Nothing was lost; the trace is complete.</p>
            )}
        </Card>
    );
}

function Doing({ process }: { process: Process }) {
    const { theme, link } = useView();
    const cpu = process.report.cpu;
    if (!cpu || cpu.samples === 0)
        return (
            <Card title="Where the time went">
                <Empty
                    title="There are no samples of CPU time."
                    command="modprof run --cpu -o app.mprof -- app args"
                >
                    With samples this page shows which functions and lines take the time.{' '}
                    {whyNoSamples(process.report)}
                </Empty>
            </Card>
        );
    const parts = Object.entries(cpu.state_ns).map(([name, value]) => ({
        name,
        value,
        title: `${name}: ${nanoseconds(value)}`,
    }));
    return (
        <Card
            title="Where the time went"
            means="Each sample of CPU time is counted as what ran just then: Lua code, a C function, Lua's collector, parser or allocator, code outside of Lua, or the profiler."
        >
            <Parts parts={parts} theme={theme} />
            <Legend names={parts.filter(x => x.value > 0).map(x => x.name)} theme={theme} />
            <ul class="inline">
                {parts
                    .filter(x => x.value > 0)
                    .map(x => (
                        <li key={x.name}>
                            <a href={link('flame', { metric: cpu.sampler.clock, what: x.name })}>
                                {x.name} {nanoseconds(x.value)}
                            </a>
                        </li>
                    ))}
            </ul>
        </Card>
    );
}

function Verdict() {
    const { trace, link } = useView();
    const c = trace.check;
    if (!c) return null;
    return (
        <Card title="Budgets">
            <p>
                <span class={`mark ${c.verdict === 'pass' ? 'good' : c.verdict === 'fail' ? 'bad' : 'warn'}`}>
                    {c.verdict}
                </span>{' '}
                <a href={link('budgets')}>
                    {Object.entries(c.counts)
                        .filter(([, n]) => n > 0)
                        .map(([k, n]) => `${n} ${k}`)
                        .join(', ')}
                </a>{' '}
                <span class="muted">by {c.config}</span>
            </p>
        </Card>
    );
}

function Processes() {
    const { trace, process, set } = useView();
    const columns = useMemo<Column<Process>[]>(
        () => [
            { id: 'pid', title: 'pid', numeric: true, value: p => p.report.pid },
            {
                id: 'ran',
                title: 'ran',
                numeric: true,
                value: p => p.report.duration_ns,
                show: p => nanoseconds(p.report.duration_ns),
            },
            {
                id: 'command',
                title: 'command',
                width: 'minmax(14rem, 3fr)',
                value: p => p.report.arguments.join(' '),
            },
            {
                id: 'exe',
                title: 'executable',
                value: p => p.report.executable,
                show: p => baseName(p.report.executable),
            },
            { id: 'end', title: 'ended', value: p => howEnded(p.report) },
        ],
        [],
    );
    return (
        <Card title="Processes in this trace">
            <Table
                name="processes"
                rows={trace.processes}
                columns={columns}
                current={p => p === process}
                onOpen={p => set({ p: p.index === 0 ? '' : p.index })}
            />
        </Card>
    );
}
