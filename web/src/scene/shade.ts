/** The shading of crowded places, on the graphics card. */

import type { RGB } from "./color";
import type { Heights } from "./density";
import { type GL, link, once, texture } from "./gl";
import { SHADE_FRAGMENT, SHADE_VERTEX } from "./shaders";

export class ShadeLayer {
  private readonly program;
  private readonly heights;
  private grid: Heights | null = null;

  constructor(private readonly gl: GL) {
    this.program = once(() => link(gl, SHADE_VERTEX, SHADE_FRAGMENT)());
    this.heights = texture(gl, true);
  }

  set(grid: Heights): void {
    const { gl } = this;
    this.grid = grid;
    gl.bindTexture(gl.TEXTURE_2D, this.heights);
    // Half floats are smooth between texels on every machine; full ones only with an extension.
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R16F, grid.columns, grid.rows, 0, gl.RED, gl.FLOAT, grid.values);
  }

  draw(tint: RGB, strength: number): void {
    const { gl, grid } = this;
    if (!grid) return;
    const { program, at } = this.program();
    gl.useProgram(program);
    gl.bindVertexArray(null);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.heights);
    gl.uniform1i(at["heights"], 0);
    gl.uniform2f(at["stretch"], ...grid.stretch);
    gl.uniform2f(at["shift"], ...grid.shift);
    gl.uniform3f(at["tint"], ...tint);
    gl.uniform1f(at["strength"], strength);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }
}
