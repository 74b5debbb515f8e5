// Small pieces that panels share.
import type { ComponentChildren } from 'preact';
import { namedColour, type Theme } from '../draw/colours';

/** A term with its meaning: for the pointer, the keyboard and the screen reader alike. */
export function Term(p: { children: ComponentChildren; means: string }) {
    return (
        <details class="term">
            <summary title="What is this?">{p.children}</summary>
            <span class="means">{p.means}</span>
        </details>
    );
}

export function Card(p: { title: string; means?: string; children: ComponentChildren; id?: string }) {
    return (
        <section class="card" id={p.id} aria-label={p.title}>
            <h2>{p.means ? <Term means={p.means}>{p.title}</Term> : p.title}</h2>
            {p.children}
        </section>
    );
}

/** Nothing to show: why, and what would give it. */
export function Empty(p: { title: string; children: ComponentChildren; command?: string }) {
    return (
        <div class="empty" role="note">
            <strong>{p.title}</strong>
            <p>{p.children}</p>
            {p.command && <code>{p.command}</code>}
        </div>
    );
}

export function Figure(p: { label: string; value: string; title?: string; means?: string; href?: string }) {
    return (
        <div class="figure" title={p.title}>
            <div class="figure-value">{p.href ? <a href={p.href}>{p.value}</a> : p.value}</div>
            <div class="figure-label">{p.means ? <Term means={p.means}>{p.label}</Term> : p.label}</div>
        </div>
    );
}

export function Swatch(p: { colour: string; children: ComponentChildren }) {
    return (
        <span class="swatch">
            <i style={{ background: p.colour }} aria-hidden="true" />
            {p.children}
        </span>
    );
}

export function Legend(p: { names: readonly string[]; theme: Theme }) {
    return (
        <div class="legend" aria-label="Legend">
            {p.names.map(n => (
                <Swatch key={n} colour={namedColour(n, p.theme)}>
                    {n}
                </Swatch>
            ))}
        </div>
    );
}

/** A bar of parts that add up to a whole. */
export function Parts(p: { parts: readonly { name: string; value: number; title: string }[]; theme: Theme }) {
    const whole = p.parts.reduce((s, x) => s + x.value, 0);
    return (
        <div class="parts" role="img" aria-label={p.parts.map(x => x.title).join(', ')}>
            {p.parts
                .filter(x => x.value > 0)
                .map(x => (
                    <i
                        key={x.name}
                        title={x.title}
                        style={{
                            width: `${(100 * x.value) / whole}%`,
                            background: namedColour(x.name, p.theme),
                        }}
                    />
                ))}
        </div>
    );
}

/** A share as a bar behind a number. */
export function Share(p: { part: number; whole: number; children: ComponentChildren }) {
    const w = p.whole > 0 ? Math.min(100, (100 * p.part) / p.whole) : 0;
    return (
        <span class="share">
            <i style={{ width: `${w}%` }} aria-hidden="true" />
            <span>{p.children}</span>
        </span>
    );
}

export interface Choice {
    readonly value: string;
    readonly title: string;
}

export function Select(p: {
    label: string;
    wide?: boolean; // as long as its choices, where there is room
    value: string;
    choices: readonly Choice[];
    onChange: (v: string) => void;
}) {
    return (
        <label class={p.wide ? 'field wide' : 'field'}>
            <span>{p.label}</span>
            <select value={p.value} onChange={e => p.onChange(e.currentTarget.value)}>
                {p.choices.map(c => (
                    <option key={c.value} value={c.value}>
                        {c.title}
                    </option>
                ))}
            </select>
        </label>
    );
}

export function Toggle(p: { label: string; on: boolean; onChange: (on: boolean) => void; title?: string }) {
    return (
        <button
            type="button"
            class="toggle"
            aria-pressed={p.on}
            title={p.title}
            onClick={() => p.onChange(!p.on)}
        >
            {p.label}
        </button>
    );
}

/** A line of values, oldest first. */
export function Sparkline(p: { values: readonly number[]; label: string; limit?: number | null }) {
    const w = 160;
    const h = 28;
    const all = p.limit == null ? p.values : [...p.values, p.limit];
    const lo = Math.min(...all);
    const hi = Math.max(...all);
    const y = (v: number) => (hi > lo ? h - 3 - ((h - 6) * (v - lo)) / (hi - lo) : h / 2);
    const x = (i: number) => (p.values.length > 1 ? 3 + ((w - 6) * i) / (p.values.length - 1) : w / 2);
    const last = p.values.length - 1;
    return (
        <svg class="spark" viewBox={`0 0 ${w} ${h}`} width={w} height={h} role="img" aria-label={p.label}>
            <title>{p.label}</title>
            {p.limit != null && <line class="limit" x1="0" x2={w} y1={y(p.limit)} y2={y(p.limit)} />}
            <polyline points={p.values.map((v, i) => `${x(i).toFixed(1)},${y(v).toFixed(1)}`).join(' ')} />
            {last >= 0 && <circle cx={x(last)} cy={y(p.values[last]!)} r="2.5" />}
        </svg>
    );
}

/** Of a field for texts: Escape empties it, or leaves it where it is empty, so that shortcuts hold again. */
export function escapes(clear: () => void): (e: KeyboardEvent) => void {
    return e => {
        if (e.key !== 'Escape') return;
        e.preventDefault();
        e.stopPropagation();
        if ((e.currentTarget as HTMLInputElement).value !== '') clear();
        else document.getElementById('main')?.focus({ preventScroll: true });
    };
}
