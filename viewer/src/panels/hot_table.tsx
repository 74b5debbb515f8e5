// Functions, lines or modules of a view, by what they cost themselves and in all.
import { useMemo } from 'preact/hooks';
import { useView } from '../app/context';
import type { Keys } from '../model/merge';
import { KIND_NAMES } from '../model/page';
import { amount, baseName, exact, percent } from '../model/units';
import { Share } from '../widgets/bits';
import { Table, type Column } from '../widgets/table';
import { functionsOf, hottest, type Seen } from './flame_data';

function placeOf(keys: Keys, key: number): string {
    return keys.file[key] ? `${keys.file[key]}${keys.line[key] ? `:${keys.line[key]}` : ''}` : '';
}

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
    const { self, total } = functionsOf(seen);
    const columns = useMemo<Column<number>[]>(
        () => [
            { id: 'label', title: keys.by, width: 'minmax(10rem, 2fr)', value: k => keys.label[k]! },
            {
                id: 'self',
                title: 'self',
                help: 'spent in it, not in what it calls; a Lua function with what the VM does for it',
                numeric: true,
                value: k => self[k]!,
                show: k => (
                    <Share part={self[k]!} whole={whole}>
                        {amount(self[k]!, unit)}
                    </Share>
                ),
            },
            {
                id: 'selfshare',
                title: 'share',
                numeric: true,
                width: '5.6rem',
                value: k => Math.round((1e6 * self[k]!) / whole) / 1e4,
                show: k => percent(self[k]!, whole),
            },
            {
                id: 'total',
                title: 'total',
                help: 'spent in it and in what it calls; nested calls of itself count once',
                numeric: true,
                value: k => total[k]!,
                show: k => (
                    <Share part={total[k]!} whole={whole}>
                        {amount(total[k]!, unit)}
                    </Share>
                ),
            },
            { id: 'kind', title: 'kind', width: '6.5rem', value: k => KIND_NAMES[keys.kind[k]!]! },
            {
                id: 'place',
                title: 'where',
                width: 'minmax(8rem, 1fr)',
                value: k => placeOf(keys, k),
                show: k => <span title={placeOf(keys, k)}>{baseName(placeOf(keys, k))}</span>,
            },
        ],
        [whole, unit, keys, self, total],
    );
    return (
        <Table
            name={`${keys.by === 'line' ? 'lines' : `${keys.by}s`} by ${seen.metric.id}`}
            rows={rows}
            columns={columns}
            sort={route.params['sort'] ?? '-self'}
            onSort={sort => set({ sort }, true)}
            onOpen={p.onOpen}
            rowTitle={k =>
                `${keys.label[k]} ${placeOf(keys, k)}: itself ${exact(self[k]!, unit)}, in all ${exact(total[k]!, unit)}`
            }
            current={k => k === p.current}
            height={p.height ?? 360}
        />
    );
}
