// Numbers for people: four significant digits at most, always with a unit; and the same numbers in full for titles.
import type { Unit } from './page';

function digits(v: number): string {
    const a = Math.abs(v);
    if (a >= 100 || v === 0) return v.toFixed(0);
    if (a >= 10) return v.toFixed(1);
    return v.toFixed(2);
}

export function nanoseconds(ns: number): string {
    const a = Math.abs(ns);
    if (a === 0) return '0';
    if (a < 1e3) return `${digits(ns)} ns`;
    if (a < 999.5e3) return `${digits(ns / 1e3)} µs`;
    if (a < 999.5e6) return `${digits(ns / 1e6)} ms`;
    if (a < 120e9) return `${digits(ns / 1e9)} s`;
    const s = Math.round(a / 1e9);
    const [large, small, part, rest] =
        s < 7200
            ? ['min', 's', Math.floor(s / 60), s % 60]
            : ['h', 'min', Math.floor(s / 3600), Math.floor((s % 3600) / 60)];
    return `${ns < 0 ? '-' : ''}${part} ${large}${rest ? ` ${rest} ${small}` : ''}`;
}

export function bytes(n: number): string {
    const a = Math.abs(n);
    if (a === 0) return '0';
    if (a < 1023.5) return `${Math.round(n)} B`;
    const steps = ['KiB', 'MiB', 'GiB', 'TiB'];
    let v = n / 1024;
    let i = 0;
    while (Math.abs(v) >= 1023.5 && i < 3) {
        v /= 1024;
        i++;
    }
    return `${digits(v)} ${steps[i]}`;
}

/** Whole numbers with thousands separated: 2,622,115. */
export function count(n: number): string {
    return Math.round(n)
        .toString()
        .replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

export function amount(v: number, unit: Unit): string {
    return unit === 'ns' ? nanoseconds(v) : unit === 'bytes' ? bytes(v) : count(v);
}

/** In full, for titles and for programs. */
export function exact(v: number, unit: Unit): string {
    return unit === 'count' ? count(v) : `${count(v)} ${unit === 'ns' ? 'ns' : 'bytes'}`;
}

export function percent(part: number, whole: number): string {
    if (!(whole > 0)) return '–';
    const p = (100 * part) / whole;
    return p > 0 && p < 0.05 ? '<0.1 %' : `${p.toFixed(1)} %`;
}

export function signed(v: number, unit: Unit): string {
    return v > 0 ? `+${amount(v, unit)}` : v < 0 ? `−${amount(-v, unit)}` : '0';
}

export function moment(unixNs: number): string {
    return new Date(unixNs / 1e6)
        .toISOString()
        .replace('T', ' ')
        .replace(/\.\d+Z$/, ' UTC');
}

export function plural(n: number, one: string, many = `${one}s`): string {
    return `${count(n)} ${n === 1 ? one : many}`;
}

/** The last part of a path; the name of a chunk that is none ([string "..."]) is one part. */
export function baseName(path: string): string {
    if (path.startsWith('[')) return path;
    return path.slice(path.lastIndexOf('/') + 1) || path;
}
