// Looks into parsed JSON: every look says what is expected, and where it was not found.
import { ImportError } from './carrier';

export type Json = Record<string, unknown>;

export function damaged(where: string, what: string): never {
    throw new ImportError(`The data are damaged: ${where} ${what}. Export the page again.`);
}

export function object(v: unknown, where: string): Json {
    if (v === null || typeof v !== 'object' || Array.isArray(v)) damaged(where, 'is not an object');
    return v as Json;
}

export function list(v: unknown, where: string): unknown[] {
    if (!Array.isArray(v)) damaged(where, 'is not a list');
    return v;
}

/** A list that may be absent. */
export function maybeList(v: unknown, where: string): unknown[] {
    return v === undefined || v === null ? [] : list(v, where);
}

export function maybeObject(v: unknown, where: string): Json | null {
    return v === undefined || v === null ? null : object(v, where);
}

export function text(v: unknown, where: string): string {
    if (typeof v !== 'string') damaged(where, 'is not a text');
    return v;
}

export function maybeText(v: unknown, where: string): string | null {
    return v === undefined || v === null ? null : text(v, where);
}

export function number(v: unknown, where: string): number {
    if (typeof v !== 'number' || !Number.isFinite(v)) damaged(where, 'is not a number');
    return v;
}

export function texts(v: unknown, where: string): string[] {
    const all = list(v, where);
    for (let i = 0; i < all.length; i++)
        if (typeof all[i] !== 'string') damaged(`${where}[${i}]`, 'is not a text');
    return all as string[];
}
