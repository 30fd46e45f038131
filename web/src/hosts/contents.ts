/** What an exported page finds: bodies of the contract by their paths, compressed. */

import { Refusal } from "./refusal";

export interface Contents {
  /** Null where there is nothing by the path. */
  get(path: string): Promise<ArrayBuffer> | null;
}

/** What `lexiscope export` writes into `<script id="data">`. */
export interface Data {
  /** Of a folder: the files by path. Null where the page holds them itself, in scripts. */
  files: Record<string, string> | null;
}

export function contentsOf(data: Data): Contents {
  return data.files ? folder(data.files) : scripts();
}

function scripts(): Contents {
  const found = new Map(
    Array.from(document.querySelectorAll<HTMLScriptElement>("script[data-path]"), (each) => [each.dataset["path"]!, each]),
  );
  return {
    get(path) {
      const script = found.get(path);
      return script ? unpacked(bytesOf(script.text)) : null;
    },
  };
}

function folder(files: Record<string, string>): Contents {
  const named = new Map(Object.entries(files));
  return {
    get(path) {
      const file = named.get(path);
      return file === undefined ? null : fetched(file);
    },
  };
}

/** Rejects where the host does not answer, and where it has not the file. */
async function fetched(file: string): Promise<ArrayBuffer> {
  if (location.protocol === "file:") {
    throw new Refusal("A browser fetches nothing from a folder on disk: serve this one, python -m http.server in it, and open http://localhost:8000");
  }
  const answer = await fetch(file).catch(() => {
    throw new Refusal(`${file} cannot be fetched: is what serves this page still there?`);
  });
  if (!answer.ok) throw new Refusal(`${file} is not beside this page (${answer.status}): export the folder again, and copy all of it`);
  return unpacked(new Uint8Array(await answer.arrayBuffer()));
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function unpacked(bytes: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> {
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}
