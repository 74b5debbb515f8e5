// Large arrays that are used again, or grow.  Memory that is new to the process costs more than what is computed in it, since
// the system has to find every page of it first.

const free: ArrayBuffer[] = [];
const MOST_BYTES = 64 * 2 ** 20;
/** What is taken may be so many times as long as what was asked for. */
const ROOMY = 4;

/** At least BYTES, with anything in them. */
function take(bytes: number): ArrayBuffer {
    let at = -1; // the shortest that is long enough
    free.forEach((b, i) => {
        const fits = b.byteLength >= bytes && b.byteLength <= ROOMY * bytes;
        if (fits && (at < 0 || b.byteLength < free[at]!.byteLength)) at = i;
    });
    return at < 0 ? new ArrayBuffer(bytes) : free.splice(at, 1)[0]!;
}

/** N zeros. */
export function takeZeros(n: number): Float64Array {
    return takeNumbers(n).fill(0);
}

/** N numbers, to be written before they are read. */
export function takeNumbers(n: number): Float64Array {
    return new Float64Array(take(n * Float64Array.BYTES_PER_ELEMENT), 0, n);
}

/** For the next who takes some; nobody may look at what is in the same buffer any more. */
export function giveBack(...arrays: ArrayBufferView[]): void {
    for (const a of arrays) if (a.buffer instanceof ArrayBuffer) free.push(a.buffer);
    let bytes = 0;
    for (const b of free) bytes += b.byteLength;
    while (bytes > MOST_BYTES) bytes -= free.shift()!.byteLength;
}

/** Columns of one length in one buffer, which grows. */
export interface Columns {
    readonly rows: number;
    readonly floats: readonly Float64Array[];
    readonly ints: readonly Int32Array[];
}

export function bytesOfRow(floatN: number, intN: number): number {
    return floatN * Float64Array.BYTES_PER_ELEMENT + intN * Int32Array.BYTES_PER_ELEMENT;
}

export function takeColumns(rows: number, floatN: number, intN: number): Columns {
    const width = bytesOfRow(floatN, intN);
    const buffer = take(rows * width);
    const all = Math.floor(buffer.byteLength / width);
    return {
        rows: all,
        floats: Array.from({ length: floatN }, (_, i) => new Float64Array(buffer, i * all * 8, all)),
        ints: Array.from({ length: intN }, (_, i) => new Int32Array(buffer, (floatN * 8 + i * 4) * all, all)),
    };
}

/** The same with room for ROWS; what C stood in is given back. */
export function grownColumns(c: Columns, rows: number): Columns {
    const to = takeColumns(Math.max(rows, 2 * c.rows), c.floats.length, c.ints.length);
    c.floats.forEach((f, i) => to.floats[i]!.set(f));
    c.ints.forEach((f, i) => to.ints[i]!.set(f));
    giveBackColumns(c);
    return to;
}

export function giveBackColumns(c: Columns): void {
    giveBack(c.floats[0]!);
}

/** ARRAY where it has room for N elements, else a longer one that begins with the same. */
export function withRoom<A extends Float64Array | Int32Array>(array: A, n: number): A {
    if (n <= array.length) return array;
    const longer = new (array.constructor as new (n: number) => A)(Math.max(n, 2 * array.length));
    longer.set(array);
    return longer;
}
