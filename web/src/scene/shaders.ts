/** The programs of the graphics card. Colours are premultiplied on the way out. */

const HEAD = `#version 300 es
precision highp float;
precision highp int;
`;

/** Where a point is on its glide, seen through the lens: see \`project\` in camera.ts. */
const PLACE = `
layout(location = 0) in vec3 from;
layout(location = 1) in vec3 to;
uniform float t, recede;
uniform vec3 center;
uniform mat3 turn;
uniform vec2 scale;
float toward, divisor;
vec4 place() {
  vec3 q = turn * (mix(from, to, t) - center);
  toward = q.z;
  divisor = max(1.0 - recede * q.z, 0.05);
  return vec4(q.xy * scale, 0.0, divisor);
}
`;

/** \`mode\`: 0 dots, 1 dots with a ring, 2 tiles of a sheet. */
export const POINT_VERTEX = `${HEAD}${PLACE}
layout(location = 2) in uint code;
layout(location = 3) in uint faded;
uniform sampler2D palette;
uniform float size, ratio, opacity, ring;
uniform vec3 ground;
uniform vec2 tile;
uniform int mode, sheetColumns;
out vec4 color;
out float radius;
out vec2 corner;
void main() {
  gl_Position = place();
  color = texelFetch(palette, ivec2(int(code) & 255, int(code) >> 8), 0);
  // What is far away goes a little into the ground.
  float haze = clamp(recede * 3.6, 0.0, 1.0) * clamp(0.22 - 0.5 * toward, 0.0, 0.6);
  float diameter = size * ratio / divisor;
  if (mode == 1) haze = 0.0;
  else if (faded == 1u) {
    color.a *= 0.4;
    haze = max(haze, 0.4);
    diameter *= 0.85;
  }
  color.rgb = mix(color.rgb, ground, haze);
  if (mode == 0) color.a *= opacity;
  radius = diameter * 0.5;
  gl_PointSize = mode == 2 ? diameter : diameter + 1.0 + 2.0 * ring * ratio;
  int column = gl_VertexID % max(sheetColumns, 1);
  corner = vec2(column, gl_VertexID / max(sheetColumns, 1)) * tile;
}
`;

export const POINT_FRAGMENT = `${HEAD}
in vec4 color;
in float radius;
in vec2 corner;
uniform sampler2D sheet;
uniform float ratio, ring, rim;
uniform vec2 tile;
uniform vec3 ground, accent;
uniform int mode;
out vec4 outcome;
void main() {
  if (mode == 2) {
    vec2 at = abs(gl_PointCoord - 0.5) * 2.0;
    float edge = step(1.0 - (1.5 + 0.6 * ring) * ratio / radius, max(at.x, at.y));
    vec3 frame = ring > 0.0 ? accent : color.rgb;
    outcome = mix(texture(sheet, corner + gl_PointCoord * tile), vec4(frame, 1.0), edge) * color.a;
    return;
  }
  float whole = radius + 0.5 + ring * ratio;
  float distance = length(gl_PointCoord - 0.5) * 2.0 * whole;
  float dot = clamp(radius + 0.5 - distance, 0.0, 1.0);
  // A rim in the ground colour keeps large neighbours apart.
  vec3 tone = mix(ground, color.rgb, clamp(radius - rim * ratio + 0.5 - distance, 0.0, 1.0) * 0.75 + 0.25);
  outcome = vec4(rim > 0.0 ? tone : color.rgb, 1.0) * dot * color.a;
  if (mode == 1) {
    float disc = clamp(whole - distance, 0.0, 1.0);
    float inner = clamp(whole - min(1.5, ring * 0.6) * ratio - distance, 0.0, 1.0);
    vec4 under = vec4(mix(accent, ground, inner), 1.0) * disc;
    outcome = outcome + under * (1.0 - outcome.a);
  }
}
`;

export const LINE_VERTEX = `${HEAD}${PLACE}
void main() { gl_Position = place(); }
`;

export const LINE_FRAGMENT = `${HEAD}
uniform vec4 ink;
out vec4 outcome;
void main() { outcome = vec4(ink.rgb * ink.a, ink.a); }
`;

/** One triangle over the whole picture. */
export const SHADE_VERTEX = `${HEAD}
uniform vec2 stretch, shift;
out vec2 at;
void main() {
  vec2 corner = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
  at = (vec2(corner.x, -corner.y) * 0.5 + 0.5) * stretch + shift;
  gl_Position = vec4(corner, 0.0, 1.0);
}
`;

/** Steps of one tint, each with a soft edge and a slightly darker shore. */
export const SHADE_FRAGMENT = `${HEAD}
in vec2 at;
uniform sampler2D heights;
uniform vec3 tint;
uniform float strength;
out vec4 outcome;
const float STEPS = 7.0;
void main() {
  float height = pow(texture(heights, at).r, 0.6) * STEPS;
  float soft = max(fwidth(height), 1e-4);
  float level = floor(height);
  float above = height - level;
  float step = level + smoothstep(1.0 - soft, 1.0, above);
  float shore = level < 1.0 ? 0.0 : 1.0 - smoothstep(0.0, 1.5 * soft, above);
  float alpha = (step / STEPS + shore * 0.14) * strength;
  outcome = vec4(tint, 1.0) * alpha;
}
`;
