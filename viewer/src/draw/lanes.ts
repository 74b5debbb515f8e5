// Draws the lanes of the time line that are in view.
import { ITEM_ROW, laneActivity, LANE_GAP, type Lane } from '../layout/lanes';
import { ticks } from '../layout/ticks';
import type { Samples } from '../model/page';
import { bytes, nanoseconds } from '../model/units';
import { drawActivity } from './activity';
import { ink, namedColour, type Theme } from './colours';
import { fit, type Surface } from './surface';

export const AXIS = 22;

export interface LanesLook {
    readonly theme: Theme;
    readonly from: number;
    readonly to: number;
    readonly duration: number;
    readonly samples: Samples | null;
    readonly metric: number;
}

export function drawLanes(s: Surface, lanes: readonly Lane[], look: LanesLook): void {
    const colours = ink(look.theme);
    const { ctx, width } = s;
    const x = (t: number) => ((t - look.from) / (look.to - look.from)) * width;
    ctx.font = '11px system-ui, sans-serif';
    ctx.textBaseline = 'middle';
    let y = AXIS;
    for (const lane of lanes) {
        ctx.fillStyle = colours.ground;
        ctx.globalAlpha = 0.75;
        ctx.fillRect(0, y + 2, ctx.measureText(lane.title).width + 8, LANE_GAP - 4);
        ctx.globalAlpha = 1;
        ctx.fillStyle = colours.muted;
        ctx.fillText(lane.title, 4, y + LANE_GAP / 2);
        y += LANE_GAP;
        if (lane.kind === 'activity' && look.samples) {
            const a = laneActivity(look.samples, lane, Math.max(1, width), look);
            drawActivity(s, a, look.samples.what, {
                y,
                height: lane.height,
                theme: look.theme,
            });
        } else if (lane.kind === 'items') drawItems(s, lane, y, look, x);
        else if (lane.kind === 'moments') drawMoments(s, lane, y, look, x);
        else if (lane.values) drawAmount(s, lane, y, look, x);
        y += lane.height;
        ctx.fillStyle = colours.line;
        ctx.fillRect(0, y + 1, width, 1);
    }
    // Last, but below all that stands there.
    ctx.globalCompositeOperation = 'destination-over';
    for (const t of ticks(look.from, look.to, width / 110)) {
        ctx.fillStyle = colours.muted;
        ctx.fillText(nanoseconds(t), x(t) + 4, AXIS / 2);
        ctx.fillStyle = colours.line;
        ctx.fillRect(x(t), 0, 1, s.height);
    }
    ctx.globalCompositeOperation = 'source-over';
}

function drawItems(s: Surface, lane: Lane, y: number, look: LanesLook, x: (t: number) => number): void {
    const { ctx, width } = s;
    const colours = ink(look.theme);
    let lastRow = -1;
    let lastRight = -1;
    for (const i of lane.items) {
        if (i.row !== lastRow) {
            lastRow = i.row;
            lastRight = -1;
        }
        if (i.to < look.from || i.from > look.to) continue;
        const left = Math.max(0, x(i.from));
        const right = Math.min(width, Math.max(x(i.to), left + 1));
        // Thousands of items narrower than a pixel: one rectangle is enough for all that fall on it.
        if (right - lastRight < 0.5) continue;
        lastRight = right;
        const top = y + i.row * ITEM_ROW;
        ctx.globalAlpha = 0.55;
        ctx.fillStyle = namedColour(i.colour, look.theme);
        ctx.fillRect(left, top, Math.max(1, right - left - (right - left > 3 ? 1 : 0)), ITEM_ROW - 2);
        ctx.globalAlpha = 1;
        if (right - left > 30) {
            ctx.fillStyle = colours.text;
            ctx.fillText(fit(i.label, right - left - 8, 6.2), left + 4, top + ITEM_ROW / 2 - 1);
        }
    }
}

function drawMoments(s: Surface, lane: Lane, y: number, look: LanesLook, x: (t: number) => number): void {
    const { ctx, width } = s;
    const colours = ink(look.theme);
    const seen = lane.items.filter(i => i.from >= look.from && i.from <= look.to);
    seen.forEach((i, k) => {
        const at = x(i.from);
        const next = k + 1 < seen.length ? x(seen[k + 1]!.from) : width;
        ctx.fillStyle = namedColour(i.colour, look.theme);
        ctx.fillRect(at - 1, y, 2, lane.height);
        ctx.fillStyle = colours.text;
        ctx.fillText(fit(i.label, next - at - 8, 6.2), at + 4, y + lane.height / 2);
    });
}

function drawAmount(s: Surface, lane: Lane, y: number, look: LanesLook, x: (t: number) => number): void {
    const { ctx, width } = s;
    const { at, v } = lane.values!;
    let most = 0;
    for (const value of v) most = Math.max(most, value);
    if (!(most > 0)) return;
    const top = (value: number) => y + lane.height - (Math.max(0, value) / most) * (lane.height - 2);
    ctx.fillStyle = namedColour('lua', look.theme);
    ctx.globalAlpha = 0.45;
    ctx.beginPath();
    ctx.moveTo(Math.max(0, x(at[0]!)), y + lane.height);
    // Steps: a value holds until the next is known.
    for (let i = 0; i < at.length; i++) {
        const next = i + 1 < at.length ? x(at[i + 1]!) : width;
        if (next < 0) continue;
        if (x(at[i]!) > width) break;
        ctx.lineTo(Math.max(0, x(at[i]!)), top(v[i]!));
        ctx.lineTo(Math.min(width, next), top(v[i]!));
    }
    ctx.lineTo(width, y + lane.height);
    ctx.fill();
    ctx.globalAlpha = 1;
    ctx.fillStyle = ink(look.theme).muted;
    ctx.textAlign = 'right';
    ctx.fillText(`to ${bytes(most)}`, width - 4, y - LANE_GAP / 2);
    ctx.textAlign = 'left';
}
