// Every view has an address: #page?name=value&...  The address is the only place where the state of a view is kept.

export interface Route {
    readonly page: string;
    readonly params: Readonly<Record<string, string>>;
}

/** FIRST: the page where the address names none. */
export function parseRoute(hash: string, first = 'overview'): Route {
    const [page = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
    const params: Record<string, string> = {};
    for (const [k, v] of new URLSearchParams(query)) params[k] = v;
    let name = page;
    try {
        name = decodeURIComponent(page);
    } catch {
        // an address that somebody cut off: no page of that name
    }
    return { page: name || first, params };
}

export function formatRoute(r: Route): string {
    const q = new URLSearchParams();
    for (const k of Object.keys(r.params)) if (r.params[k] !== '') q.set(k, r.params[k]!);
    const query = q.toString();
    return `#${encodeURIComponent(r.page)}${query ? `?${query}` : ''}`;
}

/** Values set to '' or undefined leave the address. */
export type Patch = Record<string, string | number | undefined>;

export function patched(r: Route, patch: Patch): Route {
    const params: Record<string, string> = { ...r.params };
    for (const [k, v] of Object.entries(patch)) {
        if (v === undefined || v === '') delete params[k];
        else params[k] = String(v);
    }
    return { page: r.page, params };
}

/** Which trace and process is looked at goes along from page to page; all else belongs to its page. */
export function onPage(r: Route, page: string, params: Patch = {}): Route {
    const kept: Patch = { t: r.params['t'], p: r.params['p'] };
    return patched({ page, params: {} }, { ...kept, ...params });
}

export function numberOf(r: Route, name: string): number | undefined {
    const v = r.params[name];
    if (v === undefined || v.trim() === '') return undefined;
    const n = Number(v);
    return Number.isFinite(n) ? n : undefined;
}

/** One of a few words; the first is the default. */
export function wordOf<T extends string>(r: Route, name: string, words: readonly T[]): T {
    const v = r.params[name];
    return words.find(w => w === v) ?? words[0]!;
}
