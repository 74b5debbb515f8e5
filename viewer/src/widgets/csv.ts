// Tables as text: for the clipboard (tabs) and for files (CSV, RFC 4180).

export type Cell = string | number | null;

export function csvField(v: Cell): string {
    const s = v === null ? '' : String(v);
    // A spreadsheet takes a text that begins like this for a formula: names are data.
    const safe = typeof v === 'string' && /^[=+\-@\t\r]/.test(s) ? `'${s}` : s;
    return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

export function toCsv(rows: readonly (readonly Cell[])[]): string {
    return rows.map(r => r.map(csvField).join(',')).join('\r\n') + '\r\n';
}

export function toTabs(rows: readonly (readonly Cell[])[]): string {
    return rows
        .map(r => r.map(c => (c === null ? '' : String(c).replace(/[\t\r\n]+/g, ' '))).join('\t'))
        .join('\n');
}

export function saveFile(name: string, text: string, type = 'text/csv'): void {
    const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
    const a = document.createElement('a');
    a.href = url;
    a.download = name;
    a.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export async function copyText(text: string): Promise<boolean> {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        // Not allowed here: the old way, through a selection.
        const area = document.createElement('textarea');
        area.value = text;
        area.className = 'off-screen';
        document.body.append(area);
        area.select();
        const done = document.execCommand('copy');
        area.remove();
        return done;
    }
}
