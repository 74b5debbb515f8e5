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
        const stream = new Blob([bytes as BlobPart]).stream().pipeThrough(new DecompressionStream('gzip'));
        return await new Response(stream).text();
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

/** A document of the server; null where it is still the one with this ETag. */
export async function fetchDocument(
    url: string,
    etag: string | null,
): Promise<{ doc: unknown; etag: string | null } | null> {
    let answer: Response;
    try {
        answer = await fetch(url, {
            credentials: 'same-origin',
            cache: 'no-store',
            ...(etag ? { headers: { 'If-None-Match': etag } } : {}),
        });
    } catch {
        throw new ImportError('The server does not answer. Is `modprof view` still running?');
    }
    if (answer.status === 304) return null;
    const body = await answer.text();
    if (!answer.ok)
        throw new ImportError(`The server answers ${answer.status} for ${url}: ${body.slice(0, 500).trim()}`);
    return { doc: parseJson(body), etag: answer.headers.get('ETag') };
}

/** The document of this page, parsed but not checked. */
export async function loadDocument(page: Document): Promise<unknown> {
    const inline = page.getElementById('modprof-page');
    if (inline) {
        const text = inline.textContent ?? '';
        inline.remove(); // megabytes that nobody needs twice
        return parseJson(await gunzip(base64Bytes(text)));
    }
    const served = page.getElementById('modprof-page-url');
    if (served) {
        const said = parseJson(served.textContent ?? '') as { url?: unknown } | null;
        if (typeof said?.url === 'string') return (await fetchDocument(said.url, null))?.doc;
    }
    throw new ImportError(
        'There are no data in this page. It is made by `modprof export --format html -o FILE TRACE` ' +
            'or shown by `modprof view TRACE`.',
    );
}
