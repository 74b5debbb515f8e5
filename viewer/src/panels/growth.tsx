// What was live more at one mark of the program than at another, by line: as `modprof report --growth` says it.
import { useMemo } from 'preact/hooks';
import { useView } from '../app/context';
import { numberOf } from '../app/route';
import type { Growth as Between, Process } from '../model/page';
import { bytes, nanoseconds, signed } from '../model/units';
import { Card, Empty, Select } from '../widgets/bits';
import { Table, type Column } from '../widgets/table';

type GrowthRow = Between['rows'][number];

function nameOf(p: Process, id: number): string {
    const mark = p.marks.find(m => m.id === id);
    return mark ? `${mark.name || `#${id}`} (${nanoseconds(mark.at_ns)})` : `#${id}`;
}

const amount = (
    id: string,
    title: string,
    value: (r: GrowthRow) => number,
    show: (v: number) => string,
): Column<GrowthRow> => ({ id, title, numeric: true, width: '7rem', value, show: r => show(value(r)) });

export function Growth() {
    const { process, route, set } = useView();
    const all = process.growth;
    const at = all[numberOf(route, 'growth') ?? all.length - 1] ?? all.at(-1);
    const columns = useMemo<Column<GrowthRow>[]>(
        () => [
            { id: 'label', title: 'line', width: 'minmax(12rem, 2fr)', value: r => r.label },
            amount(
                'grown',
                'grown by',
                r => r.to_bytes - r.from_bytes,
                v => signed(v, 'bytes'),
            ),
            amount(
                'blocks',
                'blocks',
                r => r.to_blocks - r.from_blocks,
                v => signed(v, 'count'),
            ),
            amount('from', 'before', r => r.from_bytes, bytes),
            amount('to', 'after', r => r.to_bytes, bytes),
            amount('error', '±', r => r.error_bytes ?? 0, bytes),
            { id: 'heap', title: 'heap', width: '4.5rem', value: r => r.heap },
            { id: 'file', title: 'file', width: 'minmax(8rem, 1fr)', value: r => r.file },
        ],
        [],
    );
    if (process.marks.length < 2 || !at) return null;
    return (
        <Card
            title="Growth between marks"
            means="What was live more, or less, at one mark than at an earlier one, by the line that allocated it."
        >
            <div class="toolbar" role="toolbar" aria-label="Which marks">
                <Select
                    label="from one to the other"
                    value={String(all.indexOf(at))}
                    choices={all.map((g, i) => ({
                        value: String(i),
                        title: `${nameOf(process, g.from)} → ${nameOf(process, g.to)}`,
                    }))}
                    onChange={growth => set({ growth })}
                />
                <span>
                    Lua <strong>{signed(at.lua_bytes, 'bytes')}</strong>, C{' '}
                    <strong>{signed(at.c_bytes, 'bytes')}</strong>
                </span>
            </div>
            {at.rows.length > 0 ? (
                <Table name="growth" rows={at.rows} columns={columns} sort="-grown" height={300} />
            ) : (
                <Empty
                    title="No line changed."
                    command="modprof run --marks --alloc sample -o app.mprof -- app args"
                >
                    Lines are known where allocation was recorded with its places.
                </Empty>
            )}
        </Card>
    );
}
