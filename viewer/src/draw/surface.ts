// A canvas as sharp as the screen, drawn once per frame at most.

export interface Surface {
    readonly ctx: CanvasRenderingContext2D;
    readonly width: number; // CSS pixels
    readonly height: number;
    readonly ratio: number; // device pixels in one of CSS
}

export function prepare(canvas: HTMLCanvasElement, width: number, height: number): Surface | null {
    const ctx = canvas.getContext('2d');
    if (!ctx) return null;
    const ratio = Math.min(3, window.devicePixelRatio || 1);
    const w = Math.max(1, Math.round(width * ratio));
    const h = Math.max(1, Math.round(height * ratio));
    if (canvas.width !== w) canvas.width = w;
    if (canvas.height !== h) canvas.height = h;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, width, height);
    return { ctx, width, height, ratio };
}

let scratch = new ArrayBuffer(0);

/** An empty picture of WIDTH by HEIGHT device pixels, good until the next one is asked for. */
export function pixelsOf(width: number, height: number): { image: ImageData; pixels: Uint32Array } {
    const bytes = 4 * width * height;
    if (scratch.byteLength < bytes) scratch = new ArrayBuffer(bytes);
    const pixels = new Uint32Array(scratch, 0, width * height).fill(0);
    return { image: new ImageData(new Uint8ClampedArray(scratch, 0, bytes), width, height), pixels };
}

/** TEXT cut to fit WIDTH pixels, with an ellipsis; empty where nothing fits. */
export function fit(text: string, width: number, charWidth: number): string {
    const most = Math.floor(width / charWidth);
    if (most >= text.length) return text;
    return most < 3 ? '' : `${text.slice(0, most - 1)}…`;
}
