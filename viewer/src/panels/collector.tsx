// What Lua's collector did: how much time it took, how long it held the program up, what it freed.
import { useMemo } from 'preact/hooks';
import { useOnce, useView } from '../app/context';
import type { Unit } from '../model/page';
import { amount, count, exact, nanoseconds, percent, plural } from '../model/units';
import { Card, Figure, Share } from '../widgets/bits';
import { member, Rows, rowsOf } from '../widgets/rows';
import { Table, type Column } from '../widgets/table';

interface Told {
    readonly id: string;
    readonly label: string;
    readonly unit: Unit;
    readonly means?: string;
}

const FIGURES: readonly Told[] = [
    {
        id: 'total_ns',
        label: 'in the collector',
        unit: 'ns',
        means: 'All that was timed: steps, full collections, other calls.',
    },
    { id: 'longest_ns', label: 'longest pause', unit: 'ns', means: 'The program stands still meanwhile.' },
    { id: 'cycles', label: 'cycles', unit: 'count', means: 'From one turn of the mark to the next.' },
    {
        id: 'young_collections',
        label: 'young collections',
        unit: 'count',
        means: 'Of the generational mode: only new objects are looked at.',
    },
    {
        id: 'steps',
        label: 'steps',
        unit: 'count',
        means: 'Pieces of work that Lua does by itself while it allocates.',
    },
    { id: 'step_ns', label: 'in steps', unit: 'ns' },
    {
        id: 'full',
        label: 'full collections',
        unit: 'count',
        means: 'Asked for by the program: collectgarbage() and lua_gc.',
    },
    { id: 'full_ns', label: 'in full collections', unit: 'ns' },
    { id: 'other_calls', label: 'other calls', unit: 'count', means: 'collectgarbage("step") and the like.' },
    { id: 'other_ns', label: 'in other calls', unit: 'ns' },
    { id: 'finalizers', label: 'finalizers', unit: 'count', means: 'Called by the collector (__gc).' },
    { id: 'finalizer_ns', label: 'in finalizers', unit: 'ns' },
    {
        id: 'finalizers_at_close',
        label: 'finalizers at close',
        unit: 'count',
        means: 'Called while Lua states were closed, which is no collection.',
    },
    { id: 'finalizer_at_close_ns', label: 'in finalizers at close', unit: 'ns' },
    {
        id: 'charged_ns',
        label: 'charged to stacks',
        unit: 'ns',
        means: 'Part of the time in the collector that is told by line and stack as cost of allocation; the rest belongs to cycles that had not ended, or freed nothing that was sampled.',
    },
    { id: 'freed_bytes', label: 'freed by it', unit: 'bytes' },
    { id: 'freed_blocks', label: 'blocks freed by it', unit: 'count' },
];

export function Collector() {
    const { process, link } = useView();
    const gc = process.report['collector'];
    const cycles = useOnce(process, 'cycles', () => rowsOf(member(gc, 'cycle_list')));
    if (!gc || typeof gc !== 'object') return null;
    const number = (id: string) => Number(member(gc, id) ?? 0);
    const known = member(gc, 'known') === true;
    const cpu = process.report.cpu;
    const sampled = cpu?.state_ns['collector'] ?? 0;
    const counted = number('cycles') + number('young_collections'); // full ones are cycles, too
    return (
        <Card
            title="Garbage collector"
            means="When Lua's collector ran, how long it held up the program, and what it freed."
        >
            {!known && <p class="muted">What the collector did was not recorded.</p>}
            {known && (
                <div class="figures">
                    {FIGURES.filter(f => number(f.id) > 0).map(f => (
                        <Figure
                            key={f.id}
                            label={
                                f.id === 'total_ns'
                                    ? `${f.label} (${percent(number(f.id), process.report.duration_ns)})`
                                    : f.label
                            }
                            value={amount(number(f.id), f.unit)}
                            title={exact(number(f.id), f.unit)}
                            {...(f.means ? { means: f.means } : {})}
                        />
                    ))}
                </div>
            )}
            {cpu && cpu.samples > 0 && (
                <p>
                    Samples of {cpu.sampler.clock === 'wall' ? 'time' : 'CPU time'} found it at work for{' '}
                    <a href={link('flame', { metric: cpu.sampler.clock, what: 'collector', invert: 1 })}>
                        {nanoseconds(sampled)} ({percent(sampled, cpu.time_ns)})
                    </a>
                    {member(gc, 'seen', 'steps') !== true &&
                        '; the steps that Lua makes by itself are in that figure only, since they were not timed one by one'}
                    .
                </p>
            )}
            {known && counted > cycles.length && (
                <p class="muted">
                    {count(cycles.length)} of {plural(counted, 'collection')}{' '}
                    {cycles.length === 1 ? 'is' : 'are'} listed with their times; of the others only the
                    number is known.
                </p>
            )}
            {cycles.length > 0 && <Rows name="collections" rows={cycles} sort="-longest_ns" height={280} />}
            <Pauses />
        </Card>
    );
}

interface Pause {
    readonly below_ns: number;
    readonly n: number;
}

function Pauses() {
    const { process } = useView();
    const rows = useOnce(process, 'pauses', () =>
        rowsOf(member(process.report['collector'], 'pauses')).map((r): Pause => ({
            below_ns: Number(r['below_ns']),
            n: Number(r['n']),
        })),
    );
    const all = rows.reduce((s, r) => s + r.n, 0);
    const columns = useMemo<Column<Pause>[]>(
        () => [
            {
                id: 'below',
                title: 'shorter than',
                numeric: true,
                width: '8rem',
                value: r => r.below_ns,
                show: r => nanoseconds(r.below_ns),
            },
            {
                id: 'n',
                title: 'pauses',
                help: 'and not shorter than half of it',
                numeric: true,
                width: 'minmax(8rem, 1fr)',
                value: r => r.n,
                show: r => (
                    <Share part={r.n} whole={all}>
                        {count(r.n)}
                    </Share>
                ),
            },
            {
                id: 'share',
                title: 'share',
                numeric: true,
                width: '5.6rem',
                value: r => r.n,
                show: r => percent(r.n, all),
            },
        ],
        [all],
    );
    if (rows.length === 0) return null;
    return (
        <>
            <h3>Pauses by length</h3>
            <Table name="pauses" rows={rows} columns={columns} sort="" height={260} />
        </>
    );
}
