/** `lexiscope export ... html`: what the server answered when the page was written, and what follows from it. */

import { int32, tableFromArrays, tableToIPC } from "@uwdata/flechette";
import type { Atlases, SelectionRequest, SpaceInfo } from "../contract";
import { fileAddress } from "./address";
import type { Contents } from "./contents";
import type { Host } from "./host";
import { Points } from "./points";
import { Refusal } from "./refusal";

const SPACE = /^(\/api\/atlases\/([^/]+)\/spaces\/([^/]+))\/(neighbors|search|selection)$/;

export function fileHost(contents: Contents): Host {
  const spaces = new Map<string, Points>();
  let atlases: Promise<Atlases> | null = null;

  async function pointsOf(path: string, atlas: string, space: string): Promise<Points> {
    atlases ??= contents.get("/api/atlases")!.then((body) => JSON.parse(new TextDecoder().decode(body)) as Atlases);
    const info = (await atlases).atlases.find(({ id }) => id === atlas);
    const held = spaces.get(path) ?? new Points(path, info!.spaces.find(({ name }) => name === space) as SpaceInfo, contents, `lexiscope view ${info!.name}`);
    spaces.set(path, held);
    return held;
  }

  async function answer(path: string, init: RequestInit = {}): Promise<Response> {
    const { pathname, searchParams: given } = new URL(path, "file:///");
    const method = init.method ?? "GET";
    const decoded = decodeURIComponent(pathname);
    const asked = SPACE.exec(decoded);
    if (method === "GET" && !asked) {
      const layer = given.get("layer");
      const name = given.get("name");
      const field = name !== null ? `?name=${name}` : layer !== null ? `?layer=${layer}` : "";
      const body = contents.get(decoded + field);
      if (body) return new Response(await body);
      if (decoded === "/api/jobs") return Response.json([]);
    } else if (asked) {
      const points = await pointsOf(asked[1], asked[2], asked[3]);
      if (asked[4] === "search") {
        const found = await points.search(given.get("column") ?? "label", given.get("pattern") ?? "", given.get("mode") ?? "substring", given.get("case") === "1", init.signal);
        const table = tableFromArrays({ point: found }, { types: { point: int32() } });
        return new Response(tableToIPC(table, { format: "stream" }) as Uint8Array<ArrayBuffer>);
      }
      if (asked[4] === "neighbors" && (given.get("metric") ?? "cosine") === "cosine" && !given.has("spherize")) {
        const layer = given.get("layer");
        return Response.json(await points.neighbors(given.get("query") ?? "", Number(given.get("k") ?? 10), layer === null ? null : Number(layer)));
      }
      const wanted = asked[4] === "selection" ? (JSON.parse(String(init.body)) as SelectionRequest) : null;
      if (wanted && !wanted.vectors) {
        return new Response(await points.csv(wanted.points), { headers: { "Content-Type": "text/csv" } });
      }
    }
    throw new Refusal("this page cannot compute or keep that: open the atlas with lexiscope view");
  }

  return {
    kind: "file",
    can: { compute: false, write: false },
    address: fileAddress(),
    async request(path, init) {
      try {
        const found = await answer(path, init);
        init?.signal?.throwIfAborted();
        return found;
      } catch (error) {
        if (init?.signal?.aborted) throw error;
        const status = error instanceof Refusal ? 400 : 500;
        return Response.json({ error: (error as Error).message }, { status });
      }
    },
    // Nothing of a file changes.
    listen: () => {},
  };
}
