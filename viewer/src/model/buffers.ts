// Large arrays that are used again.  Memory that is new to the process costs more than what is computed in it, since the
// system has to find every page of it first.

const free: Float64Array[] = [];
const MOST = 8;

/** N zeros. */
export function takeZeros(n: number): Float64Array {
    const at = free.findIndex(a => a.length === n);
    return at < 0 ? new Float64Array(n) : free.splice(at, 1)[0]!.fill(0);
}

/** For the next who takes one of this length; nobody may look at them any more. */
export function giveBack(...arrays: Float64Array[]): void {
    free.push(...arrays);
    if (free.length > MOST) free.splice(0, free.length - MOST);
}
