/** The canvas that the graphics card draws on; keeps what it was given, should the context be lost. */

import type { RGB } from "./color";
import type { Heights } from "./density";
import { type GL, NoWebGL2 } from "./gl";
import { type Look, PointLayer } from "./points";
import { ShadeLayer } from "./shade";

type Upload = (points: PointLayer) => void;

export class Stage {
  readonly canvas = document.createElement("canvas");
  private readonly gl: GL;
  private readonly off = new AbortController();
  private readonly kept = new Map<string, Upload>();
  private readonly pending = new Set<string>();
  private points!: PointLayer;
  private shade!: ShadeLayer;

  constructor(onContext: (lost: boolean) => void) {
    const gl = this.canvas.getContext("webgl2", { antialias: false, depth: false, powerPreference: "high-performance" });
    if (!gl) throw new NoWebGL2("this browser draws no WebGL2");
    this.gl = gl;
    this.build();
    const { signal } = this.off;
    const lost = (event: Event) => {
      // Without this the browser would never give it back.
      event.preventDefault();
      onContext(true);
    };
    const restored = () => {
      this.build();
      onContext(false);
    };
    this.canvas.addEventListener("webglcontextlost", lost, { signal });
    this.canvas.addEventListener("webglcontextrestored", restored, { signal });
  }

  private build(): void {
    this.points = new PointLayer(this.gl);
    this.shade = new ShadeLayer(this.gl);
    for (const name of this.kept.keys()) this.pending.add(name);
  }

  get lost(): boolean {
    return this.gl.isContextLost();
  }

  /** Hands something to the graphics card before the next picture. */
  set(name: string, upload: Upload): void {
    this.kept.set(name, upload);
    this.pending.add(name);
  }

  /** Draws the shading, then the points; either may be left out. Tells how many points were drawn. */
  draw(look: Look | null, heights: Heights | null, tint: RGB, strength: number): number {
    const { gl } = this;
    for (const name of this.pending) this.kept.get(name)!(this.points);
    this.pending.clear();
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    if (heights) {
      this.shade.set(heights);
      this.shade.draw(tint, strength);
    }
    return look ? this.points.draw(look) : 0;
  }

  /** Waits until what was asked for is really drawn. */
  finish(): void {
    this.gl.readPixels(0, 0, 1, 1, this.gl.RGBA, this.gl.UNSIGNED_BYTE, new Uint8Array(4));
  }

  /** The longest side of a picture that the card can draw. */
  get longest(): number {
    const { gl } = this;
    const [wide, tall] = gl.getParameter(gl.MAX_VIEWPORT_DIMS) as Int32Array;
    return Math.min(gl.getParameter(gl.MAX_RENDERBUFFER_SIZE) as number, wide, tall);
  }

  dispose(): void {
    this.off.abort();
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
    this.canvas.remove();
  }
}
