// Tables of the page Memory: Lua states, and C allocation by library.
import { useMemo } from 'preact/hooks';
import type { Allocations, LuaState } from '../model/report';
import { bytes, count, nanoseconds } from '../model/units';
import { Card, Empty } from '../widgets/bits';
import { Table, type Column } from '../widgets/table';

export function States({ states }: { states: LuaState[] }) {
    const columns = useMemo<Column<LuaState>[]>(
        () => [
            { id: 'id', title: 'state', numeric: true, width: '4.5rem', value: s => s.id },
            { id: 'lua', title: 'Lua', width: '7rem', value: s => s.lua },
            { id: 'thread', title: 'thread', numeric: true, width: '5.5rem', value: s => s.thread },
            {
                id: 'made',
                title: 'made after',
                numeric: true,
                width: '7rem',
                value: s => s.created_ns,
                show: s => nanoseconds(s.created_ns),
            },
            {
                id: 'closed',
                title: 'closed after',
                numeric: true,
                width: '7rem',
                value: s => s.closed_ns,
                show: s => (s.closed_ns === null ? 'open' : nanoseconds(s.closed_ns)),
            },
            {
                id: 'peak',
                title: 'peak',
                numeric: true,
                width: '7rem',
                value: s => s.peak_bytes,
                show: s => bytes(s.peak_bytes),
            },
            {
                id: 'live',
                title: 'at the end',
                help: 'held when lua_close began, or now',
                numeric: true,
                width: '7rem',
                value: s => s.live_bytes,
                show: s => bytes(s.live_bytes),
            },
            {
                id: 'never',
                title: 'never freed',
                numeric: true,
                width: '7rem',
                value: s => s.never_freed_bytes,
                show: s => (s.never_freed_bytes === null ? '–' : bytes(s.never_freed_bytes)),
            },
            {
                id: 'resized',
                title: 'resized',
                numeric: true,
                width: '7rem',
                value: s => s.resized,
                show: s => count(s.resized),
            },
        ],
        [],
    );
    return (
        <Card
            title="Lua states"
            means="A state is one Lua world with all its coroutines, made by lua_newstate."
        >
            <Table name="Lua states" rows={states} columns={columns} sort="-peak" height={280} />
        </Card>
    );
}

type CObject = Allocations['c']['objects'][number];

export function CObjects({ c }: { c: Allocations['c'] }) {
    const columns = useMemo<Column<CObject>[]>(() => {
        const n = (
            id: string,
            title: string,
            of: (o: CObject) => number,
            show = count,
            help?: string,
        ): Column<CObject> => ({
            id,
            title,
            numeric: true,
            width: '7rem',
            value: of,
            show: o => show(of(o)),
            ...(help ? { help } : {}),
        });
        return [
            {
                id: 'object',
                title: 'library or program',
                width: 'minmax(13rem, 2fr)',
                value: o => o.object ?? 'code outside of any',
            },
            n('blocks', 'blocks', o => o.blocks),
            n('requested', 'requested', o => o.requested_bytes, bytes),
            n('usable', 'given', o => o.usable_bytes, bytes, 'as much as the allocator gave'),
            n('resized', 'resized', o => o.resized),
            n('freed', 'freed', o => o.freed, count, 'blocks freed by it, whoever had allocated them'),
            n('freedbytes', 'freed bytes', o => o.freed_bytes, bytes),
        ];
    }, []);
    return (
        <Card
            title="C allocation by who calls"
            means="Calls of malloc and its kin, by the library that makes them. Lua's own allocations are not among them."
        >
            {c.covered ? (
                <Table
                    name="C allocation"
                    rows={c.objects}
                    columns={columns}
                    sort="-requested"
                    height={280}
                />
            ) : (
                <Empty title="C allocation was not covered.">
                    The program has an allocator of its own, or none was called.
                </Empty>
            )}
        </Card>
    );
}
