/** How figures and names are said. */

import type { ProjectionInfo } from "../contract";

export const METHODS = { pca: "PCA", tsne: "t-SNE", umap: "UMAP", axes: "Axes" };

export function count(value: number, noun = ""): string {
  const text = value.toLocaleString("en");
  return noun ? `${text} ${noun}${value === 1 ? "" : "s"}` : text;
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;
}

/** A figure between -1 and 1, with as many digits as carry something. */
export function figure(value: number): string {
  return value.toFixed(3).replace(/^(-?)0\./, "$1.");
}

/** A number of any size, in short. */
export function plain(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}

/** A value as it stands in the data, none of it lost. */
export function exact(value: string | number | null): string {
  return value === null ? "" : String(value);
}

export function methodName(projection: Pick<ProjectionInfo, "method" | "dims">): string {
  return `${METHODS[projection.method]} ${projection.dims}D`;
}

/** What sets a projection apart from others of its method. */
export function parameterText(projection: ProjectionInfo): string {
  const parts = Object.entries(projection.parameters).map(([name, value]) => {
    if (name === "axes") return (value as string[]).join(" · ");
    if (name === "components") return `components ${(value as number[]).join(", ")}`;
    if (value === true) return name.replaceAll("_", " ");
    return `${name.replaceAll("_", " ")} ${String(value)}`;
  });
  if (projection.seed) parts.push(`seed ${projection.seed}`);
  return parts.join(", ");
}

/** Says what a picture of this quality keeps, in a sentence. */
export function qualityText(projection: ProjectionInfo): string {
  const quality = projection.quality;
  if (!quality) return "what this picture keeps was not measured";
  return (
    `Of every point's ${quality.k} true nearest neighbours, ${percent(quality.kept)} are among its ${quality.k} ` +
    `nearest here; trustworthiness ${figure(quality.trustworthiness)}`
  );
}
