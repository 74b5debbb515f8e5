// Functions, lines or modules of a view, by what they cost themselves and in all.
import { useMemo } from 'preact/hooks';
import { useView } from '../app/context';
import { amount, baseName, exact, percent } from '../model/units';
import { Share } from '../widgets/bits';
import { Table, type Column } from '../widgets/table';
import { hottest, type Hot, type Seen } from './flame_data';

export function HotTable(p: {
    seen: Seen;
    onOpen: (key: number) => void;
    height?: number;
    current?: number;
}) {
    const { route, set } = useView();
    const { seen } = p;
    const { keys } = seen.shape;
    const whole = seen.weights.total[0]!;
    const unit = seen.metric.unit;
    const rows = hottest(seen);
    const columns = useMemo<Column<Hot>[]>(
        () => [
            { id: 'label', title: keys.by, width: 'minmax(10rem, 2fr)', value: r => r.label },
            {
                id: 'self',
                title: 'self',
                help: 'spent in it, not in what it calls',
                numeric: true,
                value: r => r.self,
                show: r => (
                    <Share part={r.self} whole={whole}>
                        {amount(r.self, unit)}
                    </Share>
                ),
            },
            {
                id: 'selfshare',
                title: 'share',
                numeric: true,
                width: '4.5rem',
                value: r => Math.round((1e6 * r.self) / whole) / 1e4,
                show: r => percent(r.self, whole),
            },
            {
                id: 'total',
                title: 'total',
                help: 'spent in it and in what it calls; nested calls of itself count once',
                numeric: true,
                value: r => r.total,
                show: r => (
                    <Share part={r.total} whole={whole}>
                        {amount(r.total, unit)}
                    </Share>
                ),
            },
            { id: 'kind', title: 'kind', width: '6.5rem', value: r => r.kind },
            {
                id: 'place',
                title: 'where',
                width: 'minmax(8rem, 1fr)',
                value: r => r.place,
                show: r => <span title={r.place}>{baseName(r.place)}</span>,
            },
        ],
        [whole, unit, keys],
    );
    return (
        <Table
            name={`${keys.by === 'line' ? 'lines' : `${keys.by}s`} by ${seen.metric.id}`}
            rows={rows}
            columns={columns}
            sort={route.params['sort'] ?? '-self'}
            onSort={sort => set({ sort }, true)}
            onOpen={r => p.onOpen(r.key)}
            rowTitle={r =>
                `${r.label} ${r.place}: itself ${exact(r.self, unit)}, in all ${exact(r.total, unit)}`
            }
            current={r => r.key === p.current}
            height={p.height ?? 360}
        />
    );
}
