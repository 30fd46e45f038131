/** What of an atlas is not there: a page may hold a part of it, and an atlas may be made anew. */

import type { SpaceInfo } from "../contract";

/** Names the space, or its layer, that is not among these; null where both are. */
export function lacking(spaces: Pick<SpaceInfo, "name" | "layers">[], space: string, layer: number | null): string | null {
  const info = spaces.find(({ name }) => name === space);
  if (!info) return `space ${space}`;
  // A table has no layers to lack.
  if (layer === null || !info.layers.length || info.layers.includes(layer)) return null;
  return `layer ${layer}`;
}
