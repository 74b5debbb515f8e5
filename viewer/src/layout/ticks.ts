// Round places on an axis of time.

const POWERS = Array.from({ length: 11 }, (_, i) => 10 ** i);
const MINUTE = 60e9;

/** Steps between ticks, ns: round in seconds below a minute, then in minutes and hours. */
export const TIME_STEPS: readonly number[] = [
    ...POWERS.flatMap(p => [p, 2 * p, 5 * p]).filter(s => s < MINUTE),
    ...[1, 2, 5, 10, 20, 30].map(m => m * MINUTE),
    ...POWERS.slice(0, 7).flatMap(p => [60 * p, 120 * p, 300 * p].map(m => m * MINUTE)),
];

export function ticks(from: number, to: number, most: number): number[] {
    if (!(to > from)) return [];
    const rough = (to - from) / Math.max(1, most);
    const step = TIME_STEPS.find(s => s >= rough) ?? rough;
    const out: number[] = [];
    for (let i = Math.ceil(from / step); i * step <= to; i++) out.push(i * step);
    return out;
}
