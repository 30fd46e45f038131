/** One life of the page: an iframe, the port to it, and what goes over it. */

import type { FromPage, Opened, Ready, ToPage } from "../hosts/messages";

const STILL_SECONDS = 15;

export class Frame {
  readonly element = document.createElement("iframe");
  private port: MessagePort | null = null;
  private asked = 0;
  /** Whether a point is hovered in the page. */
  private points = false;
  private readonly stills = new Map<number, (png: ArrayBuffer | null) => void>();

  constructor(
    page: string,
    /** Called at every start of the page: a frame that is moved within its document starts again. */
    private readonly started: () => Opened["options"],
    private readonly take: (message: Exclude<FromPage, { type: "still" }>) => void,
  ) {
    const frame = this.element;
    frame.title = "Lexiscope";
    // An origin of its own: nothing in the page can reach the notebook but by the port.
    frame.setAttribute("sandbox", "allow-scripts allow-downloads allow-popups");
    frame.allow = "clipboard-write; fullscreen";
    frame.srcdoc = page;
    frame.style.cssText = "display:block; box-sizing:border-box; width:100%; height:100%; border:0";
    frame.addEventListener("pointerleave", this.left);
    addEventListener("pointermove", this.left, { capture: true, passive: true });
    addEventListener("message", this.ready);
  }

  tell(message: ToPage, transfer: Transferable[] = []): void {
    this.port?.postMessage(message, transfer);
  }

  /** Asks for a picture of the map; null when none comes. */
  still(): Promise<ArrayBuffer | null> {
    const id = ++this.asked;
    return new Promise((resolve) => {
      const done = (png: ArrayBuffer | null) => {
        this.stills.delete(id);
        resolve(png);
      };
      this.stills.set(id, done);
      setTimeout(() => done(null), STILL_SECONDS * 1000);
      this.tell({ type: "still", id, scale: devicePixelRatio });
    });
  }

  end(): void {
    removeEventListener("pointermove", this.left, { capture: true });
    removeEventListener("message", this.ready);
    this.port?.close();
    this.element.remove();
  }

  /**
   * Tells a page with a point under the pointer that this is elsewhere.
   *
   * A frame of another origin has a process of its own. Where the pointer jumps out of it, Chromium
   * sends a leave neither into it nor to its element: what moves out here is all there is to see.
   */
  private readonly left = (event: PointerEvent): void => {
    const still = event.type === "pointermove" && event.composedPath().includes(this.element);
    if (!this.points || still) return;
    this.points = false;
    this.tell({ type: "leave" });
  };

  private readonly ready = (event: MessageEvent<Ready | null>): void => {
    if (event.source !== this.element.contentWindow || event.data?.lexiscope !== "ready") return;
    this.port?.close();
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    port1.onmessage = ({ data }: MessageEvent<FromPage>) => {
      if (data.type === "still") this.stills.get(data.id)?.(data.png);
      else {
        if (data.type === "hover") this.points = data.point >= 0;
        this.take(data);
      }
    };
    const opened: Opened = { lexiscope: "port", options: this.started() };
    this.element.contentWindow!.postMessage(opened, "*", [port2]);
  };
}
