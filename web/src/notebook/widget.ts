/** The widget in a notebook's cell: the page in a frame, answered by the kernel. */

import { type Sleeper, pages, rest, slept, wake } from "./alive";
import { Frame } from "./frame";
import type { FromPage, Model, ToView } from "./model";
import { themeNow, watchTheme } from "./theme";

const HOVER_MS = 100;
/** A page that has no map by then has something to say. */
const COVERED_MS = 15_000;

class CellView implements Sleeper {
  seen = false;
  since = 0;
  private readonly box = document.createElement("div");
  private frame: Frame | null = null;
  private still: HTMLImageElement | null = null;
  private opened = false;
  private connection = "";
  private options = { compute: true, write: true };
  private view = "";
  private pointed = -1;
  private pointing = 0;
  private readonly ends: (() => void)[] = [];

  constructor(
    private readonly model: Model,
    element: HTMLElement,
  ) {
    // Without a kernel there is no page, and no empty box for it.
    this.box.style.cssText = "position:relative; width:100%; height:0; overflow:hidden";
    element.append(this.box);
    const sight = new IntersectionObserver((entries) => this.sighted(entries.at(-1)!.isIntersecting));
    sight.observe(this.box);
    const heard = (message: ToView, buffers: DataView[]) => void this.heard(message, buffers);
    const sized = () => this.opened && this.size();
    model.on("msg:custom", heard);
    model.on("change:height", sized);
    this.ends.push(
      () => sight.disconnect(),
      () => model.off("msg:custom", heard),
      () => model.off("change:height", sized),
      watchTheme((theme) => this.frame?.tell({ type: "theme", theme })),
    );
  }

  end(): void {
    for (const end of this.ends) end();
    this.leave();
    this.uncover();
  }

  async sleep(): Promise<void> {
    const frame = this.frame;
    const png = (await frame?.still()) ?? null;
    // Seen again meanwhile, or gone.
    if (this.seen || !frame || frame !== this.frame) return;
    this.leave();
    if (png) this.cover(URL.createObjectURL(new Blob([png], { type: "image/png" })), "The map as it was last seen");
  }

  private sighted(seen: boolean): void {
    this.seen = seen;
    this.since = performance.now();
    if (seen && !this.frame) this.open();
    rest();
  }

  private open(): void {
    this.connection = Math.random().toString(36).slice(2);
    this.model.send({ type: "open", connection: this.connection, has: pages.has(this.model.get("_page")) });
  }

  private leave(): void {
    if (this.connection) this.model.send({ type: "close", connection: this.connection });
    this.connection = "";
    this.frame?.end();
    this.frame = null;
    slept(this);
  }

  private async heard(message: ToView, buffers: DataView[]): Promise<void> {
    if (message.type === "show") {
      this.view = message.view;
      this.frame?.tell(message);
    } else if (message.type === "hover") this.frame?.tell(message);
    else if (message.connection !== this.connection) return;
    else if (message.type === "opened") {
      const hash = this.model.get("_page");
      if (buffers.length) pages.set(hash, await unpacked(buffers[0]));
      // A view that slept knows better than the kernel, which may have been busy, what it showed.
      this.view ||= message.options.view ?? "";
      this.options = { compute: message.options.compute, write: message.options.write };
      if (message.connection === this.connection && !this.frame) this.build(pages.get(hash)!);
    } else if (message.type === "event") this.frame?.tell(message);
    else {
      const body = buffers.length ? bytes(buffers[0]).slice().buffer : null;
      this.frame?.tell({ ...message, body }, body ? [body] : []);
    }
  }

  private build(page: string): void {
    this.frame = new Frame(page, () => this.started(), (message) => this.take(message));
    const picture = document.querySelector<HTMLImageElement>(this.picture);
    if (picture && !this.still) this.cover(picture.src, picture.alt);
    if (!this.opened) this.hidePicture();
    this.opened = true;
    this.size();
    const frame = this.frame;
    this.box.append(frame.element);
    setTimeout(() => this.frame === frame && this.uncover(), COVERED_MS);
    wake(this);
  }

  private started() {
    this.model.send({ type: "listen", connection: this.connection });
    return { ...this.options, theme: themeNow(), view: this.view };
  }

  private take(message: Exclude<FromPage, { type: "still" }>): void {
    if (message.type === "request") {
      const { body, type, id, method, path, headers } = message;
      const buffer = typeof body === "string" ? (new TextEncoder().encode(body).buffer as ArrayBuffer) : body;
      this.model.send({ type, connection: this.connection, id, method, path, headers }, undefined, buffer ? [buffer] : []);
    } else if (message.type === "view") {
      this.view = message.view;
      this.model.send(message);
    } else if (message.type === "selection") {
      this.uncover(); // the page has its map
      const { type, space, layer, points } = message;
      this.model.send({ type, space, layer }, undefined, [Int32Array.from(points).buffer]);
      // The same again as the widget's state: what notebooks that run cells by themselves look at.
      this.model.set("selected", points);
      this.model.save_changes();
    } else this.point(message.point);
  }

  /** Tells the kernel where the pointer is, some times a second. */
  private point(point: number): void {
    this.pointed = point;
    if (this.pointing) return;
    this.pointing = window.setTimeout(() => {
      this.pointing = 0;
      this.model.send({ type: "hover", point: this.pointed });
    }, HOVER_MS);
  }

  private size(): void {
    this.box.style.height = `${this.model.get("height")}px`;
  }

  /** Lays a picture over the box, where the page is to come or was. */
  private cover(source: string, alt: string): void {
    this.uncover();
    this.still = document.createElement("img");
    Object.assign(this.still, { src: source, alt });
    const ground = themeNow() === "dark" ? "#16181a" : "#fff";
    this.still.style.cssText =
      `position:absolute; inset:0; width:100%; height:100%; max-width:none; object-fit:contain; background:${ground}`;
    this.box.append(this.still);
  }

  private uncover(): void {
    if (this.still?.src.startsWith("blob:")) URL.revokeObjectURL(this.still.src);
    this.still?.remove();
    this.still = null;
  }

  /** What a saved notebook shows in the page's place: an output of the same cell. */
  private get picture(): string {
    return `img[data-lexiscope="${this.model.get("_picture")}"]`;
  }

  /** By a rule, for it may come when the page is there already. */
  private hidePicture(): void {
    const rule = document.createElement("style");
    rule.textContent = `.jp-OutputArea-child:has(${this.picture}), ${this.picture} { display: none }`;
    document.head.append(rule);
    this.ends.push(() => rule.remove());
  }
}

async function unpacked(page: DataView): Promise<string> {
  const stream = new Blob([bytes(page)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

function bytes(view: DataView): Uint8Array<ArrayBuffer> {
  return new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength);
}

export default {
  render({ model, el }: { model: Model; el: HTMLElement }): () => void {
    const view = new CellView(model, el);
    return () => view.end();
  },
};
