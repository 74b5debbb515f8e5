// What ran when, in one strip; dragging or the arrow keys choose a stretch of time.
import { useMemo, useRef, useState } from 'preact/hooks';
import { drawActivity } from '../draw/activity';
import { ink, type Theme } from '../draw/colours';
import type { Surface } from '../draw/surface';
import { wholeActivity } from '../layout/activity';
import { ticks } from '../layout/ticks';
import type { Samples } from '../model/page';
import { nanoseconds } from '../model/units';
import { Picture } from './picture';
import { useWidth } from './size';

export const STRIP_HEIGHT = 64;
const AXIS = 16;

export interface StripProps {
    readonly samples: Samples;
    readonly metric: number;
    readonly duration: number; // ns
    readonly theme: Theme;
    readonly from: number | undefined;
    readonly to: number | undefined;
    readonly thread?: number | undefined;
    readonly onSelect: (from: number | undefined, to: number | undefined) => void;
}

export function TimeStrip(p: StripProps) {
    const box = useRef<HTMLDivElement>(null);
    const width = useWidth(box, 'strip');
    const [drag, setDrag] = useState<[number, number] | null>(null);
    const scale = width > 0 ? p.duration / width : 1;
    // Of a million samples: not again for every step of a drag.
    const activity = useMemo(
        () => wholeActivity(p.samples, p.duration, width, { metric: p.metric, thread: p.thread }),
        [p.samples, p.duration, width, p.metric, p.thread],
    );
    const chosen: [number, number] | null =
        drag ?? (p.from !== undefined || p.to !== undefined ? [p.from ?? 0, p.to ?? p.duration] : null);
    const draw = (s: Surface) => {
        const colours = ink(p.theme);
        drawActivity(s, activity, p.samples.what, {
            y: 0,
            height: STRIP_HEIGHT - AXIS,
            theme: p.theme,
        });
        s.ctx.font = '11px system-ui, sans-serif';
        s.ctx.fillStyle = colours.muted;
        s.ctx.textBaseline = 'top';
        for (const t of ticks(0, p.duration, width / 90)) {
            s.ctx.fillRect(t / scale, STRIP_HEIGHT - AXIS, 1, 4);
            s.ctx.fillText(nanoseconds(t), t / scale + 3, STRIP_HEIGHT - AXIS + 2);
        }
        if (chosen) {
            const [a0, b0] = [chosen[0] / scale, chosen[1] / scale];
            s.ctx.fillStyle = p.theme === 'light' ? 'rgba(255,255,255,.7)' : 'rgba(0,0,0,.6)';
            s.ctx.fillRect(0, 0, a0, STRIP_HEIGHT - AXIS);
            s.ctx.fillRect(b0, 0, width - b0, STRIP_HEIGHT - AXIS);
            s.ctx.fillStyle = colours.accent;
            s.ctx.fillRect(a0 - 1, 0, 2, STRIP_HEIGHT - AXIS);
            s.ctx.fillRect(b0 - 1, 0, 2, STRIP_HEIGHT - AXIS);
        }
    };
    const timeAt = (e: PointerEvent) => {
        const r = box.current!.getBoundingClientRect();
        return Math.max(0, Math.min(p.duration, (e.clientX - r.left) * scale));
    };
    const key = (e: KeyboardEvent) => {
        const step = p.duration / 20;
        const [a, b] = chosen ?? [0, p.duration];
        if (e.key === 'Escape') p.onSelect(undefined, undefined);
        else if (e.key === 'ArrowRight' && e.shiftKey) p.onSelect(a, Math.min(p.duration, b + step));
        else if (e.key === 'ArrowLeft' && e.shiftKey) p.onSelect(a, Math.max(a + step, b - step));
        else if (e.key === 'ArrowRight')
            p.onSelect(Math.min(p.duration - step, a + step), Math.min(p.duration, b + (chosen ? step : 0)));
        else if (e.key === 'ArrowLeft') p.onSelect(Math.max(0, a - step), Math.max(step, b - step));
        else return;
        e.preventDefault();
    };
    return (
        <div
            ref={box}
            class="strip"
            tabIndex={0}
            role="application"
            aria-label={
                'Activity over time. Drag, or use the arrow keys (with Shift: the end), to look at a stretch of it; Escape shows all.' +
                (chosen ? ` Now ${nanoseconds(chosen[0])} to ${nanoseconds(chosen[1])}.` : '')
            }
            onKeyDown={key}
            onPointerDown={e => {
                e.currentTarget.setPointerCapture(e.pointerId);
                setDrag([timeAt(e), timeAt(e)]);
            }}
            onPointerMove={e => drag && setDrag([drag[0], timeAt(e)])}
            onPointerUp={() => {
                if (!drag) return;
                const [a, b] = [Math.min(...drag), Math.max(...drag)];
                setDrag(null);
                if (b - a < 3 * scale) p.onSelect(undefined, undefined);
                else p.onSelect(Math.round(a), Math.round(b));
            }}
        >
            <Picture
                width={width}
                height={STRIP_HEIGHT}
                of={[activity, p.theme, chosen?.[0], chosen?.[1]]}
                draw={draw}
            />
        </div>
    );
}
