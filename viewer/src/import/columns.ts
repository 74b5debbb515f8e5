// Columns of integers: arrays of JSON numbers become typed arrays, differences become values, indices are checked.
import { damaged, list, type Json } from './look';

/** A column of numbers; a name that ends in _d holds differences. */
export function column(table: Json, name: string, where: string): Float64Array {
    const raw = list(table[name], `${where}.${name}`);
    const out = new Float64Array(raw.length);
    const differs = name.endsWith('_d');
    let last = 0;
    for (let i = 0; i < raw.length; i++) {
        const v = raw[i];
        if (typeof v !== 'number' || !Number.isFinite(v))
            damaged(`${where}.${name}[${i}]`, 'is not a number');
        last = differs ? last + v : v;
        out[i] = last;
    }
    return out;
}

/** A column of indices into something that has LIMIT rows. */
export function indices(table: Json, name: string, where: string, limit: number): Uint32Array {
    const values = column(table, name, where);
    const out = new Uint32Array(values.length);
    for (let i = 0; i < values.length; i++) {
        const v = values[i]!;
        if (!(v >= 0 && v < limit) || v !== Math.floor(v))
            damaged(`${where}.${name}[${i}]`, `is ${v}, which is no row of ${limit}`);
        out[i] = v;
    }
    return out;
}

/** All columns of a table have the same length. */
export function sameLength(where: string, ...columns: { length: number }[]): number {
    for (const c of columns)
        if (c.length !== columns[0]!.length) damaged(where, 'has columns of different lengths');
    return columns[0]!.length;
}
