// A table that sorts, filters, copies and exports, and builds only the rows that are in view.
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { count, plural } from '../model/units';
import { predicate } from '../model/search';
import { escapes } from './bits';
import { copyText, saveFile, toCsv, toTabs, type Cell } from './csv';

export interface Column<Row> {
    readonly id: string;
    readonly title: string;
    readonly help?: string;
    readonly value: (row: Row) => Cell; // sorted, filtered, copied and exported by
    readonly show?: (row: Row) => ComponentChildren;
    readonly numeric?: boolean;
    readonly width?: string; // of a grid track; a text column takes what is left
}

export interface TableProps<Row> {
    readonly name: string; // of the file, and for screen readers
    readonly rows: readonly Row[];
    readonly columns: readonly Column<Row>[];
    readonly sort?: string; // id of a column, with - before it: largest first; '' keeps the order of the rows
    readonly onSort?: (sort: string) => void;
    readonly filter?: string;
    readonly onFilter?: (text: string) => void;
    readonly onOpen?: (row: Row) => void;
    readonly rowTitle?: (row: Row) => string;
    readonly current?: (row: Row) => boolean;
    readonly height?: number; // most pixels of the body
    readonly plain?: boolean; // without the bar of filter and export
    readonly indent?: (row: Row) => number;
    readonly rowClass?: (row: Row) => string;
}

const ROW = 28;
// Made once: localeCompare makes one for every call.
const words = new Intl.Collator('en', { numeric: true });

function compare(a: Cell, b: Cell): number {
    if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
    if (typeof a === 'number' && typeof b === 'number') return a - b;
    return words.compare(String(a), String(b));
}

export function arrange<Row>(
    rows: readonly Row[],
    columns: readonly Column<Row>[],
    sort: string,
    filter: string,
): readonly Row[] {
    let out = rows;
    if (filter.trim() !== '') {
        const { test } = predicate(filter);
        const texts = columns.filter(c => !c.numeric);
        out = out.filter(r => texts.some(c => test(String(c.value(r) ?? ''))));
    }
    const down = sort.startsWith('-');
    const by = columns.find(c => c.id === sort.replace(/^-/, ''));
    return by ? sorted(out, by.value, down) : out;
}

/** The rows themselves where they are in order already, as they come from a model. */
function sorted<Row>(rows: readonly Row[], value: (row: Row) => Cell, down: boolean): readonly Row[] {
    const v = rows.map(value);
    const order = (a: number, b: number) => (down ? compare(v[b]!, v[a]!) : compare(v[a]!, v[b]!));
    if (rows.every((_, i) => i === 0 || order(i - 1, i) <= 0)) return rows;
    return rows
        .map((_, i) => i)
        .sort(order)
        .map(i => rows[i]!);
}

export function Table<Row>(p: TableProps<Row>) {
    const [ownSort, setOwnSort] = useState(p.sort ?? '');
    const [ownFilter, setOwnFilter] = useState('');
    const sort = p.onSort ? (p.sort ?? '') : ownSort;
    const filter = p.onFilter ? (p.filter ?? '') : ownFilter;
    const setSort = p.onSort ?? setOwnSort;
    const setFilter = p.onFilter ?? setOwnFilter;
    const rows = useMemo(() => arrange(p.rows, p.columns, sort, filter), [p.rows, p.columns, sort, filter]);
    const [said, say] = useState('');
    const body = useRef<HTMLDivElement>(null);
    const [top, setTop] = useState(0);
    const [at, setAt] = useState(-1);
    const most = p.height ?? 420;
    const height = Math.min(most, rows.length * ROW) + ROW + 2; // with the header, which stays in view
    useEffect(() => {
        if (body.current) body.current.scrollTop = 0;
        setTop(0);
        setAt(-1);
    }, [sort, filter, p.rows]);

    const first = Math.max(0, Math.floor(top / ROW) - 4);
    const last = Math.min(rows.length, Math.ceil((top + most) / ROW) + 4);
    const tracks = p.columns.map(
        c => c.width ?? (c.numeric ? 'minmax(5.5rem, max-content)' : 'minmax(9rem, 1fr)'),
    );
    const grid = { gridTemplateColumns: tracks.map(t => t.replace('max-content', '7.5rem')).join(' ') };
    const all = (): Cell[][] => [
        p.columns.map(c => c.title),
        ...rows.map(r => p.columns.map(c => c.value(r))),
    ];
    const header = (c: Column<Row>) => {
        const on = sort.replace(/^-/, '') === c.id;
        const next = on ? (sort.startsWith('-') ? c.id : `-${c.id}`) : c.numeric ? `-${c.id}` : c.id;
        return (
            <div
                key={c.id}
                role="columnheader"
                class={c.numeric ? 'num' : ''}
                aria-sort={on ? (sort.startsWith('-') ? 'descending' : 'ascending') : 'none'}
            >
                <button type="button" title={c.help ?? `Sort by ${c.title}`} onClick={() => setSort(next)}>
                    {c.title}
                    <span class="arrow" aria-hidden="true">
                        {on ? (sort.startsWith('-') ? '▼' : '▲') : ''}
                    </span>
                </button>
            </div>
        );
    };
    const move = (e: KeyboardEvent) => {
        if (e.target !== e.currentTarget) return; // a header or a link within
        const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[e.key];
        if (step !== undefined || e.key === 'Home' || e.key === 'End') {
            e.preventDefault();
            const to = e.key === 'Home' ? 0 : e.key === 'End' ? rows.length - 1 : at + step!;
            const next = Math.max(0, Math.min(rows.length - 1, to));
            setAt(next);
            const el = body.current!;
            if (next * ROW < el.scrollTop) el.scrollTop = next * ROW;
            if ((next + 2) * ROW > el.scrollTop + el.clientHeight)
                el.scrollTop = (next + 2) * ROW - el.clientHeight; // the header takes a row
        } else if (e.key === 'Enter' && at >= 0 && p.onOpen) {
            e.preventDefault();
            p.onOpen(rows[at]!);
        }
    };
    return (
        <div class="table-box">
            {!p.plain && (
                <div class="table-bar">
                    <input
                        type="search"
                        placeholder="filter"
                        aria-label={`Filter ${p.name}`}
                        value={filter}
                        onInput={e => setFilter(e.currentTarget.value)}
                        onKeyDown={escapes(() => setFilter(''))}
                    />
                    <span class="muted" role="status">
                        {rows.length === p.rows.length
                            ? plural(rows.length, 'row')
                            : `${count(rows.length)} of ${plural(p.rows.length, 'row')}`}
                        {said && ` · ${said}`}
                    </span>
                    <span class="grow" />
                    <button
                        type="button"
                        aria-label={`Copy ${p.name}`}
                        onClick={async () =>
                            say((await copyText(toTabs(all()))) ? 'copied' : 'could not copy')
                        }
                    >
                        copy
                    </button>
                    <button
                        type="button"
                        aria-label={`Save ${p.name} as CSV`}
                        onClick={() => saveFile(`${p.name.replace(/\W+/g, '-')}.csv`, toCsv(all()))}
                    >
                        CSV
                    </button>
                </div>
            )}
            <div class="table-scroll">
                <div role="table" class="table" aria-label={p.name} aria-rowcount={rows.length + 1}>
                    <div
                        ref={body}
                        class={`tbody ${p.onOpen ? 'opens' : ''}`}
                        role="rowgroup"
                        tabIndex={0}
                        aria-label={`Rows of ${p.name}`}
                        style={{ height: `${height}px` }}
                        onScroll={e => setTop(e.currentTarget.scrollTop)}
                        onKeyDown={move}
                    >
                        <div role="row" class="thead" style={grid}>
                            {p.columns.map(header)}
                        </div>
                        <div
                            role="presentation"
                            style={{ height: `${rows.length * ROW}px`, position: 'relative' }}
                        >
                            {rows.slice(first, last).map((r, i) => (
                                <div
                                    key={first + i}
                                    role="row"
                                    aria-rowindex={first + i + 2}
                                    class={`tr ${first + i === at ? 'at' : ''} ${p.current?.(r) ? 'current' : ''} ${p.rowClass?.(r) ?? ''}`}
                                    style={{ ...grid, top: `${(first + i) * ROW}px` }}
                                    title={p.rowTitle?.(r)}
                                    onClick={() => {
                                        setAt(first + i);
                                        p.onOpen?.(r);
                                    }}
                                >
                                    {p.columns.map((c, k) => (
                                        <div
                                            key={c.id}
                                            role="cell"
                                            class={c.numeric ? 'num' : 'txt'}
                                            style={
                                                k === 0 && p.indent
                                                    ? { paddingLeft: `${0.5 + p.indent(r) * 0.9}rem` }
                                                    : undefined
                                            }
                                        >
                                            {c.show ? c.show(r) : (c.value(r) ?? '–')}
                                        </div>
                                    ))}
                                </div>
                            ))}
                        </div>
                    </div>
                </div>
            </div>
        </div>
    );
}
