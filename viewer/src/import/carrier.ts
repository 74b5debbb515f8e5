// Where the page's document comes from: an element of the page itself, or a URL beside it (docs/PAGE.md).
// What arrives is not believed: whatever is wrong becomes an ImportError, one sentence for the reader.

export class ImportError extends Error {}

/** Bytes of base64 text; line ends are ignored. */
export function base64Bytes(text: string): Uint8Array {
    let binary: string;
    try {
        binary = atob(text.replace(/\s+/g, ''));
    } catch {
        throw new ImportError(
            'The data in this page are damaged: they are not base64. Export the page again.',
        );
    }
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
    return bytes;
}

export async function gunzip(bytes: Uint8Array): Promise<string> {
    if (typeof DecompressionStream === 'undefined')
        throw new ImportError('This browser is too old to unpack the data (it has no DecompressionStream).');
    try {
        const gunzip = new DecompressionStream('gzip');
        const writer = gunzip.writable.getWriter();
        // What goes wrong is told where it is read.
        writer.write(bytes as BufferSource).catch(() => {});
        writer.close().catch(() => {});
        const reader = gunzip.readable.getReader();
        const decoder = new TextDecoder();
        let text = '';
        for (;;) {
            const { done, value } = await reader.read();
            if (done) return text + decoder.decode();
            text += decoder.decode(value as BufferSource, { stream: true });
        }
    } catch {
        throw new ImportError(
            'The data in this page are damaged: they can not be unpacked. The file may have been cut off; ' +
                'export it again with `modprof export --format html`.',
        );
    }
}

export function parseJson(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        throw new ImportError('The data in this page are damaged: they are not JSON. Export the page again.');
    }
}

/** A document of the server, as it came; null where it is still the one with this ETag. */
export async function fetchPacked(
    url: string,
    etag: string | null,
): Promise<{ packed: Packed; etag: string | null } | null> {
    let answer: Response;
    let body: ArrayBuffer;
    try {
        answer = await fetch(url, {
            credentials: 'same-origin',
            cache: 'no-store',
            ...(etag ? { headers: { 'If-None-Match': etag } } : {}),
        });
        if (answer.status === 304) return null;
        body = await answer.arrayBuffer();
    } catch {
        throw new ImportError('The server does not answer. Is `modprof view` still running?');
    }
    if (!answer.ok) {
        const said = new TextDecoder().decode(body).slice(0, 500).trim();
        throw new ImportError(`The server answers ${answer.status} for ${url}: ${said}`);
    }
    return { packed: { json: body }, etag: answer.headers.get('ETag') };
}

/** A document as it arrives: bytes of JSON, or base64 of gzip of it. */
export type Packed = { readonly json: ArrayBuffer } | { readonly base64: string };

/** Parsed, but not checked. */
export async function unpacked(p: Packed): Promise<unknown> {
    if ('json' in p) return parseJson(new TextDecoder().decode(p.json));
    return parseJson(await gunzip(base64Bytes(p.base64)));
}

/** The document of this page. */
export async function findPacked(page: Document): Promise<Packed> {
    const inline = page.getElementById('modprof-page');
    if (inline) {
        const base64 = inline.textContent ?? '';
        inline.remove(); // megabytes that nobody needs twice
        return { base64 };
    }
    const served = page.getElementById('modprof-page-url');
    if (served) {
        const said = parseJson(served.textContent ?? '') as { url?: unknown } | null;
        if (typeof said?.url === 'string') return (await fetchPacked(said.url, null))!.packed;
    }
    throw new ImportError(
        'There are no data in this page. It is made by `modprof export --format html -o FILE TRACE` ' +
            'or shown by `modprof view TRACE`.',
    );
}
