// A table of plain records whose columns are read off the records: names that end in _ns or _bytes say the unit.
import { useMemo } from 'preact/hooks';
import { amount } from '../model/units';
import type { Unit } from '../model/page';
import type { Cell } from './csv';
import { Table, type Column } from './table';

export type Row = Record<string, unknown>;

function unitOf(name: string): Unit {
    return name.endsWith('_ns') ? 'ns' : name.endsWith('bytes') ? 'bytes' : 'count';
}

function cellOf(v: unknown): Cell {
    if (v === null || v === undefined) return null;
    if (typeof v === 'number' || typeof v === 'string') return v;
    if (typeof v === 'boolean') return v ? 'yes' : 'no';
    return Array.isArray(v) && v.every(x => typeof x === 'string') ? v.join(', ') : JSON.stringify(v);
}

export function columnsOf(rows: readonly Row[], wanted?: readonly string[]): Column<Row>[] {
    const names = wanted ?? [...new Set(rows.slice(0, 50).flatMap(r => Object.keys(r)))];
    return names
        .filter(n => rows.some(r => r[n] !== undefined && r[n] !== null))
        .map(name => {
            const numeric = rows.some(r => typeof r[name] === 'number');
            const unit = unitOf(name);
            const plain =
                name === 'line' || name === 'thread' || name === 'state' || name === 'id' || name === 'pid';
            const title = name
                .replace(/_(ns|bytes)$/, '')
                .replace(/^(.*)_error$/, '± $1')
                .replace(/_/g, ' ');
            return {
                id: name,
                title,
                numeric,
                ...(numeric
                    ? { width: `${Math.max(6.5, title.length * 0.6 + 1.6)}rem` }
                    : name === 'label' || name === 'file' || name === 'name'
                      ? { width: 'minmax(11rem, 2fr)' }
                      : {}),
                value: (r: Row) => cellOf(r[name]),
                ...(numeric && !plain
                    ? {
                          show: (r: Row) =>
                              typeof r[name] === 'number'
                                  ? amount(r[name] as number, unit)
                                  : (cellOf(r[name]) ?? '–'),
                      }
                    : {}),
            };
        });
}

export function Rows(p: {
    name: string;
    rows: readonly Row[];
    columns?: readonly string[];
    sort?: string;
    height?: number;
    onOpen?: (r: Row) => void;
}) {
    const columns = useMemo(() => columnsOf(p.rows, p.columns), [p.rows, p.columns]);
    return (
        <Table
            name={p.name}
            rows={p.rows}
            columns={columns}
            {...(p.sort === undefined ? {} : { sort: p.sort })}
            {...(p.height === undefined ? {} : { height: p.height })}
            {...(p.onOpen ? { onOpen: p.onOpen } : {})}
        />
    );
}

/** Objects of a list that may not be there. */
export function rowsOf(v: unknown): Row[] {
    return Array.isArray(v) ? v.filter((x): x is Row => x !== null && typeof x === 'object') : [];
}

/** A member of something that may be no object. */
export function member(v: unknown, ...path: string[]): unknown {
    let at: unknown = v;
    for (const name of path) {
        if (at === null || typeof at !== 'object') return undefined;
        at = (at as Record<string, unknown>)[name];
    }
    return at;
}
