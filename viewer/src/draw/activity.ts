// Draws a strip of activity: a stacked bar for each pixel column.
import type { Activity } from '../layout/activity';
import { namedColour, type Theme } from './colours';

export interface ActivityPlace {
    readonly x: number;
    readonly y: number;
    readonly height: number;
    readonly columnWidth: number;
    readonly theme: Theme;
    readonly most?: number;
}

export function drawActivity(
    ctx: CanvasRenderingContext2D,
    a: Activity,
    what: readonly string[],
    at: ActivityPlace,
): void {
    const most = at.most ?? a.most;
    if (!(most > 0)) return;
    const base = new Float64Array(a.columns); // pixels that stand below
    for (let w = 0; w < a.whatN; w++) {
        const height = (c: number) => (a.value[c * a.whatN + w]! / most) * at.height;
        // One outline for all columns of a colour: thousands of rectangles would take ten times as long.
        ctx.fillStyle = namedColour(what[w] ?? 'outside', at.theme);
        ctx.beginPath();
        for (let c = 0; c < a.columns; c++) {
            if (height(c) === 0) continue;
            const first = c;
            while (c < a.columns && height(c) > 0) c++;
            outline(ctx, at, base, first, c, height);
        }
        ctx.fill();
    }
}

/** Columns FIRST to END (not included): along their tops, and back along what stands below, which grows by them. */
function outline(
    ctx: CanvasRenderingContext2D,
    at: ActivityPlace,
    base: Float64Array,
    first: number,
    end: number,
    height: (column: number) => number,
): void {
    const x = (c: number) => at.x + c * at.columnWidth;
    const y = (pixels: number) => at.y + at.height - pixels;
    ctx.moveTo(x(first), y(base[first]!));
    for (let c = first; c < end; c++) {
        const top = y(base[c]! + height(c));
        ctx.lineTo(x(c), top);
        ctx.lineTo(x(c + 1), top);
    }
    for (let c = end - 1; c >= first; c--) {
        ctx.lineTo(x(c + 1), y(base[c]!));
        ctx.lineTo(x(c), y(base[c]!));
        base[c]! += height(c);
    }
    ctx.closePath();
}
