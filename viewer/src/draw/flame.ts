// Draws the rows of a flame graph that are in view.
//
// Frames are set as pixels: a row is one line of them, repeated; thousands of rectangles take ten times as long.
import type { Boxes, FlameLayout } from '../layout/flame';
import { ink, paler, pixel, type Pixel, type Theme } from './colours';
import { fit, pixelsOf, type Surface } from './surface';

export const ROW = 20;
const DIM = 0.35; // what is left of a colour
const FONT = '12px system-ui, sans-serif';
let charWidth = 0;

export interface FlameLook {
    readonly theme: Theme;
    readonly fill: (node: number) => Pixel;
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

/** Whether a frame is neither below the root nor found. */
function isDim(look: FlameLook, depth: number, node: number): boolean {
    return depth < look.rootDepth || (look.matched !== null && !look.matched(node));
}

/** Boxes [from, to) as pixels between the lines TOP and BOTTOM of a picture. */
interface Line {
    readonly pixels: Uint32Array;
    readonly width: number; // of the picture, device pixels
    readonly top: number;
    readonly bottom: number;
    readonly ratio: number;
    readonly gap: number; // CSS pixels between neighbours
}

function drawLine(l: Line, b: Boxes, depth: number, colour: (node: number) => Pixel): void {
    const height = l.pixels.length / l.width;
    const [top, bottom] = [Math.max(0, l.top), Math.min(height, l.bottom)];
    if (top >= bottom) return;
    const line = l.pixels.subarray(top * l.width, (top + 1) * l.width);
    for (let i = b.start[depth]!; i < b.start[depth + 1]!; i++) {
        const w = b.w[i]!;
        const from = Math.round(b.x[i]! * l.ratio);
        const to = Math.round((b.x[i]! + w - (w > 3 ? l.gap : 0)) * l.ratio);
        line.fill(colour(b.node[i]!), from, Math.max(to, from + 1));
    }
    for (let y = top + 1; y < bottom; y++) l.pixels.set(line, y * l.width);
}

function drawBoxes(s: Surface, layout: FlameLayout, look: FlameLook): void {
    const { ratio } = s;
    const width = Math.max(1, Math.round(s.width * ratio));
    const { image, pixels } = pixelsOf(width, Math.max(1, Math.round(s.height * ratio)));
    const narrow = pixel(ink(look.theme).line);
    for (let depth = 0; depth < layout.depth; depth++) {
        const y = rowTop(layout, depth, look.up) - look.top;
        if (y + ROW < 0 || y > s.height) continue;
        const line = (from: number, to: number, gap: number): Line => {
            const [top, bottom] = [Math.round((y + from) * ratio), Math.round((y + to) * ratio)];
            return { pixels, width, top, bottom, ratio, gap };
        };
        drawLine(line(0, ROW - 1, 1), layout.boxes, depth, node =>
            isDim(look, depth, node) ? paler(look.fill(node), DIM, look.theme) : look.fill(node),
        );
        drawLine(line(ROW - 5, ROW - 2, 0), layout.narrowBoxes, depth, () => narrow);
    }
    s.ctx.putImageData(image, 0, 0);
}

function drawLabels(s: Surface, layout: FlameLayout, look: FlameLook): void {
    const { ctx } = s;
    const { boxes } = layout;
    const colours = ink(look.theme);
    ctx.font = FONT;
    ctx.textBaseline = 'middle';
    if (charWidth === 0) charWidth = ctx.measureText('abcdefghijklmnopqrstuvwxyz._:0123').width / 33;
    for (let depth = 0; depth < layout.depth; depth++) {
        const y = rowTop(layout, depth, look.up) - look.top;
        if (y + ROW < 0 || y > s.height) continue;
        for (let i = boxes.start[depth]!; i < boxes.start[depth + 1]!; i++) {
            const w = boxes.w[i]!;
            const text = w > 24 && fit(look.label(boxes.node[i]!), w - 8, charWidth);
            if (!text) continue;
            ctx.fillStyle = isDim(look, depth, boxes.node[i]!) ? colours.muted : colours.text;
            ctx.fillText(text, boxes.x[i]! + 4, y + ROW / 2);
        }
    }
}

export function drawFlame(s: Surface, layout: FlameLayout, look: FlameLook): void {
    drawBoxes(s, layout, look);
    drawLabels(s, layout, look);
}
