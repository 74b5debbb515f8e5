// A flame graph on a canvas: pointer, keyboard, and a sentence about the frame that is looked at.
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { depthAt, drawFlame, ROW, rowTop } from '../draw/flame';
import { diffColour, keyColours, kindColour, type Theme } from '../draw/colours';
import type { Surface } from '../draw/surface';
import { boxAt, boxOf, laidOut, neighbour, type Box, type FlameLayout, type Step } from '../layout/flame';
import { Kind, KIND_NAMES, type Unit } from '../model/page';
import type { Found } from '../model/search';
import type { Tree } from '../model/tree';
import { amount, count, percent, signed } from '../model/units';
import { Picture } from './picture';
import { useWidth } from './size';

export interface FlameViewProps {
    readonly tree: Tree;
    readonly unit: Unit;
    readonly theme: Theme;
    readonly zoom: string; // keys from the root, joined by dots
    readonly onZoom: (path: string) => void;
    readonly found?: Found | null;
    readonly up?: boolean;
    readonly rootLabel: string;
    readonly name: string; // for screen readers
    readonly height?: number;
    readonly onKey?: (key: number) => void; // sandwich of a frame
    readonly whole?: number; // what shares are of; the root's total unless told
}

export const FLAME_HEIGHT = 560;

export function nodeAtPath(tree: Tree, path: string): number {
    let at = tree.root;
    if (path === '') return at;
    for (const part of path.split('.')) {
        const n = tree.childN(at);
        let c = 0;
        while (c < n && tree.key(tree.child(at, c)) !== Number(part)) c++;
        if (c === n) break; // filtered away meanwhile: as near as it goes
        at = tree.child(at, c);
    }
    return at;
}

export function pathOf(tree: Tree, node: number): string {
    const keys: number[] = [];
    for (let i = node; i >= 0 && i !== tree.root; i = tree.parent(i)) keys.unshift(tree.key(i));
    return keys.join('.');
}

function describe(p: FlameViewProps, node: number): string {
    const { tree, unit } = p;
    const whole = p.whole ?? tree.total(tree.root);
    const key = tree.key(node);
    const total = tree.total(node);
    const parts = [`${amount(total, unit)} (${percent(total, whole)})`];
    if (key >= 0 && tree.self(node) > 0) parts.push(`itself ${amount(tree.self(node), unit)}`);
    if (tree.sides) {
        const { before, after } = tree.sides(node);
        parts.push(
            `before ${amount(before, unit)}, after ${amount(after, unit)}: ${signed(after - before, unit)}`,
        );
    }
    if (key < 0) return `${p.rootLabel}: ${parts.join(', ')}`;
    const keys = tree.keys;
    const place = keys.file[key] ? ` · ${keys.file[key]}${keys.line[key] ? `:${keys.line[key]}` : ''}` : '';
    return `${keys.label[key]}: ${parts.join(', ')} · ${KIND_NAMES[keys.kind[key]!]}${place}`;
}

/** State that belongs to OWNER: of another one it is FIRST again, without a render in between. */
function useOf<T>(owner: object, first: T): [T, (v: T) => void] {
    const [kept, keep] = useState<{ owner: object; value: T } | null>(null);
    return [kept?.owner === owner ? kept.value : first, value => keep({ owner, value })];
}

/** The outline of a frame: an element over the picture, which is not drawn anew for it. */
function Mark(p: { of: Box | null; layout: FlameLayout; up: boolean; selected?: boolean }) {
    if (!p.of) return null;
    return (
        <div
            class={p.selected ? 'flame-mark selected' : 'flame-mark'}
            style={{
                left: `${p.of.x}px`,
                top: `${rowTop(p.layout, p.of.depth, p.up)}px`,
                width: `${Math.max(2, p.of.w)}px`,
                height: `${ROW - 1}px`,
            }}
        />
    );
}

export function FlameView(p: FlameViewProps) {
    const box = useRef<HTMLDivElement>(null);
    const width = useWidth(box, 'flame');
    const { tree, up = false } = p;
    const [hover, setHover] = useOf(tree, -1);
    const [selected, select] = useOf(tree, -1);
    const root = useMemo(() => nodeAtPath(tree, p.zoom), [tree, p.zoom]);
    const layout = useMemo(() => laidOut(tree, root, Math.max(1, width)), [tree, root, width]);
    const full = layout.depth * ROW;
    const most = p.height ?? FLAME_HEIGHT;
    const height = Math.min(full, most);
    const rootDepth = boxOf(layout, root)?.depth ?? 0;
    const atRoot = up ? Math.max(0, full - height) : 0;
    const [top, setTop] = useOf(layout, atRoot);
    const scrolled = useRef(0); // to ask the element would make the browser lay out the page in the middle of a change
    useLayoutEffect(() => {
        if (box.current && scrolled.current !== atRoot) box.current.scrollTop = scrolled.current = atRoot;
    }, [layout]);

    const draw = (s: Surface) => {
        const { keys } = tree;
        const found = p.found;
        const colour = keyColours(keys, p.theme);
        drawFlame(s, layout, {
            theme: p.theme,
            up,
            top,
            rootDepth,
            label: i => (tree.key(i) < 0 ? p.rootLabel : keys.label[tree.key(i)]!),
            matched: found ? i => tree.key(i) >= 0 && found.matches[tree.key(i)] === 1 : null,
            fill: i => {
                if (tree.sides) {
                    const { before, after } = tree.sides(i);
                    return diffColour((after - before) / Math.max(after, before, 1), p.theme);
                }
                const k = tree.key(i);
                return k < 0 ? kindColour(Kind.Note, p.theme) : colour(k);
            },
        });
    };

    const at = (e: MouseEvent) => {
        const r = box.current!.getBoundingClientRect();
        return boxAt(layout, depthAt(layout, e.clientY - r.top + top, up), e.clientX - r.left);
    };
    const show = (node: number) => {
        select(node);
        const b = boxOf(layout, node);
        if (!b || !box.current) return;
        const y = rowTop(layout, b.depth, up);
        if (y < box.current.scrollTop) box.current.scrollTop = y;
        if (y + ROW > box.current.scrollTop + height) box.current.scrollTop = y + ROW - height;
    };
    const zoomTo = (node: number) => p.onZoom(node < 0 ? '' : pathOf(tree, node));
    const key = (e: KeyboardEvent) => {
        const steps: Record<string, Step> = {
            ArrowLeft: 'left',
            ArrowRight: 'right',
            ArrowDown: up ? 'out' : 'in',
            ArrowUp: up ? 'in' : 'out',
        };
        const step = steps[e.key];
        if (step) {
            const b = neighbour(layout, tree, selected, step);
            if (b) show(b.node);
        } else if (e.key === 'Enter' && selected >= 0) zoomTo(selected);
        else if (e.key === 'Escape' && p.zoom !== '') zoomTo(tree.parent(root) >= 0 ? tree.parent(root) : -1);
        else if (e.key === 's' && selected >= 0 && tree.key(selected) >= 0 && p.onKey)
            p.onKey(tree.key(selected));
        else return;
        e.preventDefault();
        e.stopPropagation();
    };
    const looked = hover >= 0 ? hover : selected >= 0 ? selected : root;
    return (
        <div class="flame">
            <div
                ref={box}
                class="flame-scroll"
                style={{ height: `${height}px` }}
                tabIndex={0}
                role="application"
                aria-label={`${p.name}. Arrow keys walk from frame to frame, Enter zooms in, Escape zooms out, s shows callers and callees.`}
                onScroll={e => setTop((scrolled.current = e.currentTarget.scrollTop))}
                onKeyDown={key}
                onMouseMove={e => setHover(at(e)?.node ?? -1)}
                onMouseLeave={() => setHover(-1)}
                onClick={e => {
                    const b = at(e);
                    if (!b) return;
                    select(b.node);
                    zoomTo(b.node);
                }}
                onContextMenu={e => {
                    const b = at(e);
                    if (!b || tree.key(b.node) < 0 || !p.onKey) return;
                    e.preventDefault();
                    p.onKey(tree.key(b.node));
                }}
            >
                <div class="flame-whole" style={{ height: `${full}px` }}>
                    <Picture
                        class="flame-canvas"
                        width={width}
                        height={most}
                        of={[layout, p.theme, p.found, top, up]}
                        draw={draw}
                        drawn={layout.boxes.n}
                    />
                </div>
                {hover >= 0 && hover !== selected && (
                    <Mark of={boxOf(layout, hover)} layout={layout} up={up} />
                )}
                {selected >= 0 && <Mark selected of={boxOf(layout, selected)} layout={layout} up={up} />}
            </div>
            <div class="flame-line" role="status" aria-live="polite">
                {width > 0 && describe(p, looked)}
            </div>
            {layout.narrow.n > 0 && (
                <div class="muted small narrow-note">
                    {count(layout.narrow.n)} {layout.narrow.n === 1 ? 'frame is' : 'frames are'} narrower than
                    half a pixel and not drawn (
                    {percent(layout.narrow.weight, p.whole ?? tree.total(tree.root))} of the whole, marked by
                    grey lines): zoom in on a frame above them, or look in the table.
                </div>
            )}
        </div>
    );
}
