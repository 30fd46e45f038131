/** Which values a pattern finds: what the server's search answers, in the page. */

import { Refusal } from "./refusal";

const SECONDS = 5;

/** Numbers of the values, ascending. A pattern that is refused says why. */
export async function matches(values: (string | null)[], pattern: string, mode: string, withCase: boolean, signal?: AbortSignal | null): Promise<Int32Array> {
  if (mode === "regex") return Int32Array.from(await byExpression(values, pattern, withCase, signal));
  const asked = withCase ? pattern : lower(pattern);
  const found: number[] = [];
  for (let point = 0; point < values.length; point++) {
    const value = values[point];
    if (value === null) continue;
    const held = withCase ? value : lower(value);
    if (mode === "exact" ? held === asked : held.includes(asked)) found.push(point);
  }
  return Int32Array.from(found);
}

/** Letter by letter, as the server does it: JavaScript lets a sigma depend on its place in the word. */
export function lower(text: string): string {
  if (/^[\x00-\x7f]*$/.test(text)) return text.toLowerCase();
  return Array.from(text, (letter) => (letter === "İ" ? "i" : letter.toLowerCase())).join("");
}

function expression(pattern: string, withCase: boolean): RegExp {
  const flags = withCase ? "" : "i";
  try {
    return new RegExp(pattern, `${flags}u`);
  } catch {
    // Some escapes are errors only where characters beyond 16 bits are read whole.
    return new RegExp(pattern, flags);
  }
}

/**
 * An expression may take longer than a life in JavaScript, and nothing can interrupt it: it runs in
 * a worker, which can be ended.
 */
function byExpression(values: (string | null)[], pattern: string, withCase: boolean, signal?: AbortSignal | null): Promise<number[]> {
  let asked: RegExp;
  try {
    asked = expression(pattern, withCase);
  } catch (error) {
    throw new Refusal(`'${pattern}' is no regular expression here: ${(error as Error).message}`);
  }
  const code = `onmessage = ({ data: { values, asked } }) => {
    const found = [];
    values.forEach((value, point) => value !== null && asked.test(value) && found.push(point));
    postMessage(found);
  }`;
  const source = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const worker = new Worker(source);
  return new Promise<number[]>((resolve, reject) => {
    setTimeout(
      () => reject(new Refusal(`this search takes more than ${SECONDS} seconds; make it simpler`)),
      1000 * SECONDS,
    );
    worker.onmessage = ({ data }: MessageEvent<number[]>) => resolve(data);
    signal?.addEventListener("abort", () => reject(signal.reason));
    worker.onerror = (event) => reject(new Refusal(`this browser cannot search by regular expressions here: ${event.message}`));
    worker.postMessage({ values, asked });
  }).finally(() => {
    worker.terminate();
    URL.revokeObjectURL(source);
  });
}
