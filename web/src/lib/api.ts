/** Requests to the host: JSON, Arrow, and its refusals as errors. */

import { tableFromIPC, type Table } from "@uwdata/flechette";
import type { Refusal } from "../contract";
import { host } from "../hosts/host";

/** The host refused, or it could not be reached (status 0). */
export class Refused extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

export async function request(path: string, init?: RequestInit): Promise<Response> {
  let answer: Response;
  try {
    answer = await host().request(path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refused("the server cannot be reached", 0);
  }
  if (answer.ok) return answer;
  const refusal = (await answer.json().catch(() => null)) as Refusal | null;
  throw new Refused(refusal?.error ?? `the server answered ${answer.status}`, answer.status);
}

export async function getJSON<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await request(path, { signal })).json() as Promise<T>;
}

/** Without a body nothing is sent with it. */
export async function sendJSON<T>(method: "POST" | "PUT", path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const headers = { "Content-Type": "application/json" };
  return (await request(path, { method, headers, body: JSON.stringify(body), signal })).json() as Promise<T>;
}

export async function getArrow(path: string, signal?: AbortSignal): Promise<Table> {
  const answer = await request(path, { signal });
  return tableFromIPC(new Uint8Array(await answer.arrayBuffer()));
}

/** An address with a query; what is null, undefined or false is left out. */
export function address(
  path: string,
  query: Record<string, string | number | boolean | null | undefined | string[]> = {},
): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value)) for (const each of value) search.append(name, each);
    else if (value === true) search.set(name, "1");
    else if (value !== null && value !== undefined && value !== false) search.set(name, String(value));
  }
  const text = search.toString();
  return text ? `${path}?${text}` : path;
}

export function spacePath(atlas: string, space: string): string {
  return `/api/atlases/${encodeURIComponent(atlas)}/spaces/${encodeURIComponent(space)}`;
}

/** Hands a file to the person. */
export function saveAs(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
