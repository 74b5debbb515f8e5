// Colours of what runs.  Okabe and Ito's palette, which people with any colour vision tell apart; lightness differs too.
import type { Keys } from '../model/merge';
import { once } from '../model/once';
import { Kind } from '../model/page';

export type Theme = 'light' | 'dark';

interface Hue {
    h: number;
    s: number;
    light: number;
    dark: number;
}

// Hue, saturation, lightness on light and on dark ground.  Green, purple and grey are alike without red or green: lightness tells
// them apart.
const KIND_HUES: Record<Kind, Hue> = {
    [Kind.Lua]: { h: 205, s: 70, light: 76, dark: 36 },
    [Kind.C]: { h: 36, s: 88, light: 68, dark: 30 },
    [Kind.Vm]: { h: 162, s: 48, light: 49, dark: 17 },
    [Kind.Native]: { h: 325, s: 42, light: 79, dark: 43 },
    [Kind.Note]: { h: 0, s: 0, light: 92, dark: 33 },
};

/** A colour as a pixel has it in memory: red in the lowest byte. */
export type Pixel = number;

function hsl(h: number, s: number, l: number): Pixel {
    const strong = (s / 100) * Math.min(l / 100, 1 - l / 100);
    const part = (n: number) => {
        const k = (n + h / 30 + 12) % 12;
        return Math.round(255 * (l / 100 - strong * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
    };
    return ((0xff << 24) | (part(4) << 16) | (part(8) << 8) | part(0)) >>> 0;
}

/** #rrggbb as a pixel, and back. */
export function pixel(colour: string): Pixel {
    const n = parseInt(colour.slice(1), 16);
    return ((0xff << 24) | ((n & 0xff) << 16) | (n & 0xff00) | (n >> 16)) >>> 0;
}

export function css(p: Pixel): string {
    const n = ((p & 0xff) << 16) | (p & 0xff00) | ((p >> 16) & 0xff);
    return `#${n.toString(16).padStart(6, '0')}`;
}

/** What is left of P, as SHARE of it, on the ground of a theme. */
export function paler(p: Pixel, share: number, theme: Theme): Pixel {
    const ground = pixel(ink(theme).ground);
    const mixed = (shift: number) =>
        Math.round(((p >> shift) & 0xff) * share + ((ground >> shift) & 0xff) * (1 - share)) << shift;
    return ((0xff << 24) | mixed(16) | mixed(8) | mixed(0)) >>> 0;
}

/** VARY 0 to 1 tells neighbours of one kind apart. */
export function kindColour(kind: Kind, theme: Theme, vary = 0.5): Pixel {
    const c = KIND_HUES[kind];
    const l = theme === 'light' ? c.light + (vary - 0.5) * 9 : c.dark + (vary - 0.5) * 8;
    return hsl(c.h + (vary - 0.5) * 10, c.s, l);
}

/** A number in [0, 1) that stays the same for a text. */
export function spread(text: string): number {
    let h = 2166136261;
    for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619);
    return ((h >>> 8) & 0xffff) / 0x10000;
}

/** A colour for each key of a view; made once, since there are far more frames than keys. */
export function keyColours(keys: Keys, theme: Theme): (key: number) => Pixel {
    const made = once(keys, `colours ${theme}`, () => new Uint32Array(keys.n));
    return k => (made[k]! ||= kindColour(keys.kind[k] as Kind, theme, spread(keys.label[k]!)));
}

/** Growth in red, shrinkage in blue; SHARE from -1 to 1. */
export function diffColour(share: number, theme: Theme): Pixel {
    const s = Math.max(-1, Math.min(1, share));
    const strong = Math.sqrt(Math.abs(s));
    const light = theme === 'light' ? 92 - 32 * strong : 26 + 18 * strong;
    return hsl(s > 0 ? 12 : 215, 85 * strong, light);
}

/** What a thread did (keys of the report's cpu.state_ns), and phases of a load. */
const NAMED: Record<string, [string, string]> = {
    lua: ['#3b8fd0', '#4aa3e6'],
    c: ['#e69f00', '#d99a14'],
    collector: ['#009e73', '#19b58a'],
    parser: ['#cc79a7', '#d68cb6'],
    allocator: ['#8a6fc9', '#a48be0'],
    outside: ['#8c8c8c', '#8f959c'],
    profiler: ['#4d4d4d', '#c9ced3'],
    waiting: ['#c8dbe6', '#2f4a5a'],
    resolve: ['#8c8c8c', '#8f959c'],
    read: ['#cc79a7', '#d68cb6'],
    compile: ['#e69f00', '#d99a14'],
    map: ['#8a6fc9', '#a48be0'],
    relocate: ['#b08fe0', '#8a6fc9'],
    construct: ['#d55e00', '#e8742a'],
    run: ['#3b8fd0', '#4aa3e6'],
    nested: ['#b9d9ef', '#22455f'],
};

export function namedColour(name: string, theme: Theme): string {
    const pair = NAMED[name] ?? NAMED['outside']!;
    return theme === 'light' ? pair[0] : pair[1];
}

export interface Ink {
    text: string;
    muted: string;
    line: string;
    ground: string;
    accent: string;
}

export function ink(theme: Theme): Ink {
    return theme === 'light'
        ? { text: '#1b1f24', muted: '#57606a', line: '#d0d7de', ground: '#ffffff', accent: '#a4107c' }
        : { text: '#e6e9ed', muted: '#9aa4af', line: '#3a424c', ground: '#14181d', accent: '#ff9de2' };
}
