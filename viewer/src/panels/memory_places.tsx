// Places in the program that allocate, that hold what they allocated, and that hold more and more.
import { useMemo } from 'preact/hooks';
import { useOnce, useView } from '../app/context';
import { wordOf } from '../app/route';
import { bytes, plural } from '../model/units';
import { Card, Empty, Toggle } from '../widgets/bits';
import { member, Rows, rowsOf, type Row } from '../widgets/rows';
import { metricTitle } from './flame_data';

const HEAPS = ['lua', 'c'] as const;
const BYS = ['lines', 'functions', 'modules', 'kinds', 'c_functions', 'libraries'] as const;
const COLUMNS = [
    'label',
    'held_bytes',
    'held_error_bytes',
    'peak_bytes',
    'made_bytes',
    'made_error_bytes',
    'made_blocks',
    'left_bytes',
    'after_full_bytes',
    'collected_bytes',
    'growths',
    'kinds',
    'file',
    'line',
];

/** Errors are shown where figures are estimates. */
function columnsFor(rows: readonly Row[], columns: readonly string[]): string[] {
    return columns.filter(c => !c.includes('_error_') || rows.some(r => Number(r[c]) > 0));
}

/** Where samples would have come too fast, they were further apart. */
function upTo(heap: unknown, interval: number): string {
    const most = Number(member(heap, 'interval_most_bytes') ?? 0);
    return most > interval ? `, up to ${bytes(most)} while much was allocated` : '';
}

/** How figures of one heap came about, if they are estimates. */
function sampling(heap: unknown): string | null {
    const interval = member(heap, 'interval_bytes');
    return member(heap, 'mode') === 'sampled' && typeof interval === 'number'
        ? `Sampled, one each ${bytes(interval)} on average${upTo(heap, interval)}: estimates, whose standard error is in the columns with ±.`
        : null;
}

/** By line, function, module ...: what was allocated there, and what of it is held. */
export function Places() {
    const { process, route, set, link } = useView();
    const memory = process.report['memory'];
    const heap = wordOf(route, 'heap', HEAPS);
    const by = wordOf(route, 'by', BYS);
    const rows = useOnce(process, `places ${heap} ${by}`, () => rowsOf(member(memory, heap, by)));
    const columns = useMemo(() => columnsFor(rows, COLUMNS), [rows]);
    const how = sampling(member(memory, heap));
    const metrics = process.metrics.filter(m => m.unit === 'bytes' || /alloc|live|leak/.test(m.id));
    const some = useMemo(
        () => HEAPS.some(h => BYS.some(b => rowsOf(member(memory, h, b)).length > 0)),
        [memory],
    );
    return (
        <Card
            title="By place"
            means="Allocation stacks: which line, function or module allocated, and how much of that it still holds."
        >
            {metrics.length > 0 && (
                <p>
                    As flame graphs:{' '}
                    {metrics.map((m, i) => (
                        <span key={m.id}>
                            {i > 0 && ' · '}
                            <a href={link('flame', { metric: m.id })}>{metricTitle(m.id)}</a>
                        </span>
                    ))}
                </p>
            )}
            {some ? (
                <>
                    <div class="toolbar" role="toolbar" aria-label="Places">
                        {HEAPS.map(h => (
                            <Toggle
                                key={h}
                                label={h === 'lua' ? 'Lua' : 'C'}
                                on={h === heap}
                                onChange={() => set({ heap: h })}
                            />
                        ))}
                        <span class="muted">by</span>
                        {BYS.filter(b => rowsOf(member(memory, heap, b)).length > 0).map(b => (
                            <Toggle
                                key={b}
                                label={b.replace('_', ' ')}
                                on={b === by}
                                onChange={() => set({ by: b })}
                            />
                        ))}
                    </div>
                    {how !== null && rows.length > 0 && <p class="muted">{how}</p>}
                    {rows.length > 0 ? (
                        <Rows
                            key={`${heap} ${by}`}
                            name={`${heap} memory by ${by}`}
                            rows={rows}
                            columns={columns}
                            sort="-held_bytes"
                        />
                    ) : (
                        <p class="muted">Nothing was recorded here.</p>
                    )}
                </>
            ) : (
                metrics.length === 0 && (
                    <Empty
                        title="Allocations were not recorded with their places."
                        command="modprof run --alloc sample -o app.mprof -- app args"
                    >
                        {typeof member(memory, 'reason') === 'string'
                            ? (member(memory, 'reason') as string)
                            : 'Then this table says which lines allocate, hold and leak memory.'}
                    </Empty>
                )
            )}
        </Card>
    );
}

const LEAK_COLUMNS = [
    'verdict',
    'label',
    'held_bytes',
    'held_error_bytes',
    'held_blocks',
    'made_bytes',
    'heap',
    'kinds',
    'stack',
    'file',
    'line',
    'suppressed_by',
];

/** How small a leak is not seen, where not all was recorded. */
function unseen(leaks: unknown, memory: unknown): string | null {
    const least = Number(member(leaks, 'least_bytes') ?? 0);
    if (!(least > 0)) return null;
    const few = Number(member(leaks, 'few_samples') ?? 0);
    const what = member(member(memory, 'lua'), 'mode') === 'sampled' ? 'A leak' : 'A leak of C memory';
    const rest = few > 0 ? `; of ${plural(few, 'place')} held there are too few to see it rise` : '';
    return `${what} of less than ${bytes(least)} has too few samples to be seen${rest}.`;
}

export function Leaks() {
    const { process } = useView();
    const leaks = process.report['leaks'];
    const rows = useOnce(process, 'leaks', () => rowsOf(member(leaks, 'findings')));
    const columns = useMemo(() => columnsFor(rows, LEAK_COLUMNS), [rows]);
    if (leaks === undefined || leaks === null) return null;
    const reason = member(leaks, 'reason');
    const accused = Number(member(leaks, 'accused') ?? 0);
    const checks = Number(member(leaks, 'checks') ?? 0);
    const least = unseen(leaks, process.report['memory']);
    return (
        <Card
            title="Leaks"
            means="Places whose blocks are held at the end. “rises”: what they hold grew from one full collection to the next. “stopped”: it grew, but no longer in the last part of the run. “kept”: it is held, and was not seen to grow. “unsure”: nothing of it was freed, but too few collections or samples to tell."
        >
            {rows.length > 0 ? (
                <>
                    <p>
                        {accused > 0
                            ? `${plural(accused, 'place')} ${accused === 1 ? 'holds' : 'hold'} more and more, together ${bytes(Number(member(leaks, 'accused_bytes') ?? 0))}`
                            : 'No place is known to hold more and more'}
                        {checks > 0
                            ? `; judged by ${plural(checks, 'check')} at the end of collections.`
                            : ': no full collection was seen, so what is held at the end is listed, and nothing more can be said.'}
                    </p>
                    <Rows name="leaks" rows={rows} columns={columns} sort="" />
                </>
            ) : (
                <p class="muted">{typeof reason === 'string' ? reason : 'No place holds more and more.'}</p>
            )}
            {least !== null && typeof reason !== 'string' && <p class="muted">{least}</p>}
        </Card>
    );
}
