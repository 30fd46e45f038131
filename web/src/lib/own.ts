/** A person's own columns of a space, in the atlas: each change answers the space as it is then. */

import type { SpaceInfo, Tag } from "../contract";
import { request, sendJSON } from "./api";
import type { SpaceData } from "./space";

export function putTag(space: SpaceData, tag: Tag): Promise<SpaceInfo> {
  return sendJSON<SpaceInfo>("POST", `${space.path}/tags`, tag);
}

export async function dropColumn(space: SpaceData, name: string): Promise<SpaceInfo> {
  const answer = await request(`${space.path}/tags/${encodeURIComponent(name)}`, { method: "DELETE" });
  return (await answer.json()) as SpaceInfo;
}

/** `kind` is the file's media type: csv or tsv. */
export async function putColumns(space: SpaceData, kind: string, file: Blob): Promise<SpaceInfo> {
  const headers = { "Content-Type": kind };
  const answer = await request(`${space.path}/columns`, { method: "POST", headers, body: file });
  return (await answer.json()) as SpaceInfo;
}
