/** CSS colours as numbers. */

export type RGB = [number, number, number];

let canvas: CanvasRenderingContext2D | null = null;

/** Red, green and blue in [0, 1] of whatever the browser takes for a colour. */
export function rgbOf(css: string): RGB {
  if (!canvas) {
    const element = document.createElement("canvas");
    element.width = element.height = 1;
    canvas = element.getContext("2d", { willReadFrequently: true })!;
  }
  canvas.fillStyle = css;
  canvas.fillRect(0, 0, 1, 1);
  const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data;
  return [red / 255, green / 255, blue / 255];
}

/** A row of a palette as `#rrggbb`; rows that it lacks are grey. */
export function hexOf(palette: Uint8Array, row: number): string {
  if (4 * row + 3 >= palette.length) return "#888888";
  const part = (k: number) => palette[4 * row + k].toString(16).padStart(2, "0");
  return `#${part(0)}${part(1)}${part(2)}`;
}

/** A palette laid out for a texture 256 wide; short ones are filled up with nothing. */
export function paletteTexels(palette: Uint8Array): { texels: Uint8Array; rows: number } {
  const rows = Math.max(Math.ceil(palette.length / 1024), 1);
  const texels = new Uint8Array(rows * 1024);
  texels.set(palette);
  return { texels, rows };
}
