/** What lies over the maps: no name is put beneath it. */

import { untrack } from "svelte";
import type { Box } from "../scene/occupancy";

let elements = $state.raw<Element[]>([]);

/** To be attached to whatever lies over a map. */
export function covers(element: Element): () => void {
  // What is attached does not follow the others.
  untrack(() => (elements = [...elements, element]));
  return () => untrack(() => (elements = elements.filter((each) => each !== element)));
}

/** Tells of each change where they lie on a map, in its pixels; returns what ends it. */
export function watchCovered(map: Element, tell: (boxes: Box[]) => void): () => void {
  const measure = () => {
    const { left, top } = map.getBoundingClientRect();
    tell(
      elements.map((each) => {
        const box = each.getBoundingClientRect();
        return { left: box.left - left, top: box.top - top, width: box.width, height: box.height };
      }),
    );
  };
  const resizes = new ResizeObserver(measure);
  for (const each of [map, ...elements]) resizes.observe(each);
  return () => resizes.disconnect();
}
