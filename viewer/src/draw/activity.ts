// Draws a strip of activity: a stacked bar for each pixel column.
//
// Pixels are set by hand: thousands of columns in a few colours are a path that takes ten times as long to fill.
import type { Activity } from '../layout/activity';
import { namedColour, pixel, type Theme } from './colours';
import { pixelsOf, type Surface } from './surface';

export interface ActivityPlace {
    readonly y: number; // CSS pixels; it begins at the left edge, and has a pixel for each column
    readonly height: number;
    readonly theme: Theme;
}

/** What is under it is gone: it is drawn first. */
export function drawActivity(s: Surface, a: Activity, what: readonly string[], at: ActivityPlace): void {
    if (!(a.most > 0)) return;
    const { ratio } = s;
    const width = Math.max(1, Math.round(a.columns * ratio));
    const height = Math.max(1, Math.round(at.height * ratio));
    const { image, pixels } = pixelsOf(width, height);
    const colours = Array.from({ length: a.whatN }, (_, w) =>
        pixel(namedColour(what[w] ?? 'outside', at.theme)),
    );
    for (let x = 0; x < width; x++) {
        const column = Math.min(a.columns - 1, Math.floor(x / ratio)) * a.whatN;
        let sum = 0;
        let below = height;
        for (let w = 0; w < a.whatN; w++) {
            sum += a.value[column + w]!;
            const top = Math.round(height - (sum / a.most) * height);
            for (let y = top; y < below; y++) pixels[y * width + x] = colours[w]!;
            below = Math.min(below, top);
        }
    }
    s.ctx.putImageData(image, 0, Math.round(at.y * ratio));
}
