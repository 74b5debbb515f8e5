// Draws a strip of activity: a stacked bar for each pixel column.
import type { Activity } from '../layout/activity';
import { namedColour, type Theme } from './colours';

export function drawActivity(
    ctx: CanvasRenderingContext2D,
    a: Activity,
    what: readonly string[],
    at: { x: number; y: number; height: number; columnWidth: number; theme: Theme; most?: number },
): void {
    const most = at.most ?? a.most;
    if (!(most > 0)) return;
    // One colour at a time: changing the fill style costs more than a rectangle.
    const base = new Float64Array(a.columns);
    for (let w = 0; w < a.whatN; w++) {
        ctx.fillStyle = namedColour(what[w] ?? 'outside', at.theme);
        for (let c = 0; c < a.columns; c++) {
            const v = a.value[c * a.whatN + w]!;
            if (v === 0) continue;
            const h = (v / most) * at.height;
            ctx.fillRect(at.x + c * at.columnWidth, at.y + at.height - base[c]! - h, at.columnWidth, h);
            base[c]! += h;
        }
    }
}
