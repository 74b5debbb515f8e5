// Draws the rows of a flame graph that are in view.
import type { FlameLayout } from '../layout/flame';
import { ink, type Theme } from './colours';
import { fit, type Surface } from './surface';

export const ROW = 20;
const FONT = '12px system-ui, sans-serif';
let charWidth = 0;

export interface FlameLook {
    readonly theme: Theme;
    readonly fill: (node: number) => string;
    readonly label: (node: number) => string;
    readonly matched: ((node: number) => boolean) | null;
    readonly rootDepth: number; // rows above it are ancestors, drawn pale
    readonly top: number; // pixels scrolled
    readonly up: boolean; // the root stands at the bottom
}

/** Top of a row within the whole picture. */
export function rowTop(layout: FlameLayout, depth: number, up: boolean): number {
    return (up ? layout.depth - 1 - depth : depth) * ROW;
}

export function depthAt(layout: FlameLayout, y: number, up: boolean): number {
    const row = Math.floor(y / ROW);
    return up ? layout.depth - 1 - row : row;
}

export function drawFlame(s: Surface, layout: FlameLayout, look: FlameLook): void {
    const { ctx } = s;
    const colours = ink(look.theme);
    ctx.font = FONT;
    ctx.textBaseline = 'middle';
    if (charWidth === 0) charWidth = ctx.measureText('abcdefghijklmnopqrstuvwxyz._:0123').width / 33;
    for (let depth = 0; depth < layout.depth; depth++) {
        const y = rowTop(layout, depth, look.up) - look.top;
        if (y + ROW < 0 || y > s.height) continue;
        for (let i = layout.rowStart[depth]!; i < layout.rowStart[depth + 1]!; i++) {
            const b = layout.boxes[i]!;
            const w = Math.max(0.5, b.w - (b.w > 3 ? 1 : 0));
            const dim = depth < look.rootDepth || (look.matched !== null && !look.matched(b.node));
            if (dim) ctx.globalAlpha = 0.35;
            ctx.fillStyle = look.fill(b.node);
            ctx.fillRect(b.x, y, w, ROW - 1);
            if (dim) ctx.globalAlpha = 1;
            if (b.w > 24) {
                const text = fit(look.label(b.node), b.w - 8, charWidth);
                ctx.fillStyle = dim ? colours.muted : colours.text;
                if (text) ctx.fillText(text, b.x + 4, y + ROW / 2);
            }
        }
    }
    ctx.fillStyle = colours.line;
    for (const b of layout.narrowBoxes) {
        const y = rowTop(layout, b.depth, look.up) - look.top;
        if (y + ROW < 0 || y > s.height || b.w < 0.5) continue;
        ctx.fillRect(b.x, y + ROW - 5, b.w, 3);
    }
}
