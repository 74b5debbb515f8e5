// A canvas that is drawn in the frame that shows it.  Canvases no longer shown are kept for the next picture: the memory
// behind one costs more than what is drawn into it.
import { useLayoutEffect, useRef } from 'preact/hooks';
import { pixelsOf, prepare, type Surface } from '../draw/surface';

const spare: HTMLCanvasElement[] = [];
const MOST_SPARE = 6;

/** What a canvas shows: pictures of the same are not drawn again. */
const shows = new WeakMap<HTMLCanvasElement, readonly unknown[]>();

function isShown(c: HTMLCanvasElement, of: readonly unknown[]): boolean {
    const there = shows.get(c);
    return there?.length === of.length && of.every((v, i) => v === there[i]);
}

/** One that shows the same, or one of just this size, where there is one: another size is other memory. */
function take(width: number, height: number, of: readonly unknown[]): HTMLCanvasElement {
    const same = spare.findIndex(c => isShown(c, of));
    const at =
        same >= 0
            ? same
            : spare.findIndex(c => c.style.width === `${width}px` && c.style.height === `${height}px`);
    return at < 0 ? document.createElement('canvas') : spare.splice(at, 1)[0]!;
}

function leave(c: HTMLCanvasElement): void {
    c.remove();
    spare.push(c);
    if (spare.length > MOST_SPARE) spare.shift();
}

/** Makes one before it is asked for. */
export function makeSpare(width: number, height: number): void {
    const c = document.createElement('canvas');
    const s = prepare(c, width, height);
    if (s) s.ctx.putImageData(pixelsOf(c.width, c.height).image, 0, 0);
    leave(c);
}

export interface PictureProps {
    readonly width: number; // CSS pixels
    readonly height: number;
    readonly class?: string;
    /** Drawn anew where one of these has changed. */
    readonly of: readonly unknown[];
    readonly draw: (s: Surface) => void;
    readonly drawn?: number; // how many things, for tests
}

export function Picture(p: PictureProps) {
    const holder = useRef<HTMLDivElement>(null);
    const canvas = useRef<HTMLCanvasElement | null>(null);
    const of = [p.width, p.height, window.devicePixelRatio, ...p.of];
    useLayoutEffect(() => {
        const c = take(p.width, p.height, of);
        c.className = p.class ?? '';
        if (!isShown(c, of)) delete c.dataset['drawn'];
        c.setAttribute('aria-hidden', 'true');
        canvas.current = c;
        holder.current!.append(c);
        return () => leave(c);
    }, []);
    useLayoutEffect(() => {
        const c = canvas.current!;
        if (p.width <= 0 || isShown(c, of)) return;
        const s = prepare(c, p.width, p.height);
        if (!s) return;
        p.draw(s);
        shows.set(c, of);
        if (p.drawn !== undefined) c.dataset['drawn'] = String(p.drawn);
    }, of);
    return <div class="picture" ref={holder} />;
}
