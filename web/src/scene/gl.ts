/** The little of WebGL2 that every layer needs. */

/** The browser gives no WebGL2 context, so nothing can be drawn. */
export class NoWebGL2 extends Error {
  override name = "NoWebGL2";
}

export type GL = WebGL2RenderingContext;

/** A linked program and the places of its uniforms. */
export interface Program {
  program: WebGLProgram;
  at: Record<string, WebGLUniformLocation>;
}

/**
 * Begins to compile and link, beside whatever else there is to do; the answer waits for the end.
 * Asking at once would hold up the page: a third of a second where the processor draws.
 */
export function link(gl: GL, vertex: string, fragment: string): () => Program {
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]] as const) {
    const shader = gl.createShader(kind)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader);
  }
  gl.linkProgram(program);
  return once(() => linked(gl, program));
}

/** Does its work when it is first asked for, and never again. */
export function once<T>(work: () => T): () => T {
  let held: { done: T } | null = null;
  return () => (held ??= { done: work() }).done;
}

function linked(gl: GL, program: WebGLProgram): Program {
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new NoWebGL2(`shaders do not link: ${gl.getProgramInfoLog(program)}`);
  }
  const at: Program["at"] = {};
  const count = gl.getProgramParameter(program, gl.ACTIVE_UNIFORMS) ?? 0;
  for (let i = 0; i < count; i++) {
    const { name } = gl.getActiveUniform(program, i)!;
    at[name] = gl.getUniformLocation(program, name)!;
  }
  return { program, at };
}

/** A texture read at its texels, or smoothly, and never beyond its edge. */
export function texture(gl: GL, smooth: boolean): WebGLTexture {
  const made = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, made);
  const filter = smooth ? gl.LINEAR : gl.NEAREST;
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, filter);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, filter);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  return made;
}
