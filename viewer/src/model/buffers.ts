// Large arrays that are used again, or grow.  Memory that is new to the process costs more than what is computed in it, since
// the system has to find every page of it first.

const free: ArrayBuffer[] = [];
const MOST = 8;
/** What is taken may be so many times as long as what was asked for. */
const ROOMY = 4;

/** N zeros. */
export function takeZeros(n: number): Float64Array {
    const bytes = n * Float64Array.BYTES_PER_ELEMENT;
    const at = free.findIndex(b => b.byteLength >= bytes && b.byteLength <= ROOMY * bytes);
    return at < 0 ? new Float64Array(n) : new Float64Array(free.splice(at, 1)[0]!, 0, n).fill(0);
}

/** For the next who takes one; nobody may look at them any more. */
export function giveBack(...arrays: Float64Array[]): void {
    for (const a of arrays) if (a.buffer instanceof ArrayBuffer) free.push(a.buffer);
    if (free.length > MOST) free.splice(0, free.length - MOST);
}

/** ARRAY where it has room for N elements, else a longer one that begins with the same. */
export function withRoom<A extends Float64Array | Int32Array>(array: A, n: number): A {
    if (n <= array.length) return array;
    const longer = new (array.constructor as new (n: number) => A)(Math.max(n, 2 * array.length));
    longer.set(array);
    return longer;
}
