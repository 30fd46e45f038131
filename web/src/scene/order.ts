/** Which points are drawn and in which order: later ones lie on top. */

const SLICES = 4096;

/** 1 for points that have a place and are not left out. */
export function shownOf(units: Float32Array, visible: Uint8Array | null): Uint8Array {
  const shown = new Uint8Array(units.length / 3);
  for (let i = 0; i < shown.length; i++) {
    shown[i] = Number.isNaN(units[3 * i]) || (visible !== null && !visible[i]) ? 0 : 1;
  }
  return shown;
}

/**
 * The shown points, faded ones first; of a turned picture the far ones first.
 *
 * @param toward - the direction toward the viewer, in units; null of a flat picture
 */
export function drawOrder(
  units: Float32Array,
  shown: Uint8Array,
  emphasis: Uint8Array | null,
  toward: ArrayLike<number> | null,
): Uint32Array<ArrayBuffer> {
  const n = shown.length;
  const keys = new Uint16Array(n);
  const starts = new Uint32Array(2 * SLICES + 1);
  for (let i = 0; i < n; i++) {
    if (!shown[i]) continue;
    let key = emphasis !== null && !emphasis[i] ? 0 : SLICES;
    if (toward) {
      const near = toward[0] * units[3 * i] + toward[1] * units[3 * i + 1] + toward[2] * units[3 * i + 2];
      key += Math.min(Math.max(Math.floor((near + 1) * (SLICES / 2)), 0), SLICES - 1);
    }
    keys[i] = key;
    starts[key + 1]++;
  }
  for (let key = 0; key < 2 * SLICES; key++) starts[key + 1] += starts[key];
  const order = new Uint32Array(starts[2 * SLICES]);
  for (let i = 0; i < n; i++) if (shown[i]) order[starts[keys[i]]++] = i;
  return order;
}

/** All points, the weightiest first; without weights by their number. */
export function byWeight(n: number, weight: Float32Array | null): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  return weight ? order.sort((a, b) => weight[b] - weight[a] || a - b) : order;
}
