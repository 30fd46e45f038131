/** One line that says what a picture is and what it keeps. */

import type { Pane } from "./pane.svelte";
import { count, methodName, parameterText, percent } from "./words";

export function captionOf(pane: Pane): string {
  const { projection, info } = pane;
  if (!projection || !info) return "";
  const model = pane.app.atlas(pane.view.atlas)?.model ?? "";
  if (pane.preview) return `${model} · ${info.name} · ${count(info.points, "point")} · being laid out, not measured`;
  const rest = parameterText(projection);
  const quality = projection.quality;
  return [
    model,
    info.name + (pane.layer === null ? "" : `, layer ${pane.layer}`),
    methodName(projection) + (rest ? ` (${rest})` : ""),
    count(info.points, "point"),
    quality ? `keeps ${percent(quality.kept)} of ${quality.k} nearest neighbours` : "quality not measured",
  ].filter(Boolean).join(" · ");
}
