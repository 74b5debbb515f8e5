// Round places on an axis of time.

export function tickStep(span: number, most: number): number {
    const rough = span / Math.max(1, most);
    const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1e-9)));
    for (const m of [1, 2, 5, 10]) if (m * power >= rough) return m * power;
    return 10 * power;
}

export function ticks(from: number, to: number, most: number): number[] {
    if (!(to > from)) return [];
    const step = tickStep(to - from, most);
    const out: number[] = [];
    for (let i = Math.ceil(from / step); i * step <= to; i++) out.push(i * step);
    return out;
}
