/** A notebook's widget: requests, events and the view go over a port; see messages.ts. */

import type { Events } from "../contract";
import { stackAddress } from "./address";
import type { Host, Take } from "./host";
import type { FromPage, Opened, Ready, ToPage } from "./messages";

export interface NotebookHost extends Host {
  readonly kind: "notebook";
  readonly options: Opened["options"];
  tell(message: FromPage, transfer?: Transferable[]): void;
  /** Takes what the notebook wants of the page. */
  obey(take: (message: Exclude<ToPage, { type: "answer" | "event" | "show" }>) => void): void;
}

/** Asks the frame round this page for a port, and answers once it has one. */
export function notebookHost(): Promise<NotebookHost> {
  return new Promise((resolve) => {
    addEventListener("message", function opened(event: MessageEvent<Opened | null>) {
      if (event.source !== parent || event.data?.lexiscope !== "port" || !event.ports[0]) return;
      removeEventListener("message", opened);
      resolve(over(event.ports[0], event.data.options));
    });
    parent.postMessage({ lexiscope: "ready" } satisfies Ready, "*");
  });
}

function over(port: MessagePort, options: Opened["options"]): NotebookHost {
  const waiting = new Map<number, (answer: Extract<ToPage, { type: "answer" }>) => void>();
  const tell = (message: FromPage, transfer: Transferable[] = []) => port.postMessage(message, transfer);
  const address = stackAddress(options.view ?? "", (view) => tell({ type: "view", view }));
  let count = 0;
  let take: Take = () => {};
  let obeyed: Parameters<NotebookHost["obey"]>[0] = () => {};
  port.onmessage = ({ data }: MessageEvent<ToPage>) => {
    if (data.type === "answer") {
      waiting.get(data.id)?.(data);
      waiting.delete(data.id);
    } else if (data.type === "event") take(data.name, data.data as Events[typeof data.name]);
    else if (data.type === "show") address.show(data.view);
    else obeyed(data);
  };

  return {
    kind: "notebook",
    options,
    can: { compute: options.compute, write: options.write },
    address,
    tell,
    async request(path, init = {}) {
      init.signal?.throwIfAborted();
      const id = ++count;
      const answered = new Promise<Extract<ToPage, { type: "answer" }>>((resolve, reject) => {
        waiting.set(id, resolve);
        init.signal?.addEventListener("abort", () => {
          waiting.delete(id);
          reject(new DOMException("given up", "AbortError"));
        });
      });
      const headers = Object.fromEntries(new Headers(init.headers));
      const method = init.method ?? "GET";
      const body = await bodyOf(init.body);
      tell({ type: "request", id, method, path, headers, body }, body instanceof ArrayBuffer ? [body] : []);
      const answer = await answered;
      return new Response(answer.body, { status: answer.status, headers: answer.headers });
    },
    listen: (to) => {
      take = to;
    },
    obey: (to) => {
      obeyed = to;
    },
  };
}

async function bodyOf(body: BodyInit | null | undefined): Promise<string | ArrayBuffer | null> {
  if (body === null || body === undefined || typeof body === "string") return body ?? null;
  return new Response(body).arrayBuffer();
}
