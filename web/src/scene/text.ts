/** Fonts of the picture and the widths of its texts. */

export interface Font {
  size: number;
  weight: number;
}

export const FONT_FAMILY = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif";

export const fontOf = ({ size, weight }: Font) => `${weight} ${size}px ${FONT_FAMILY}`;

const LONGEST = 28;
const KEPT = 20_000;

/** A text cut to what a map has room for, whole characters only. */
export function shortened(text: string): string {
  if (text.length <= LONGEST) return text;
  const characters = Array.from(text);
  if (characters.length <= LONGEST) return text;
  return `${characters.slice(0, LONGEST - 1).join("").trimEnd()}…`;
}

/** Remembers how wide texts are; of very many, those asked for last. */
export class Widths {
  private readonly known = new Map<string, number>();

  /** @param measure - the width of a text in a CSS font */
  constructor(private readonly measure: (text: string, font: string) => number) {}

  of(text: string, font: Font): number {
    const key = `${font.weight}/${font.size}/${text}`;
    let width = this.known.get(key);
    if (width === undefined) {
      width = this.measure(text, fontOf(font));
      if (this.known.size >= KEPT) this.known.delete(this.known.keys().next().value!);
    } else {
      this.known.delete(key);
    }
    this.known.set(key, width);
    return width;
  }
}
