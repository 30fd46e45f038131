/** What the whole page knows: the atlases open, the jobs, the panes, and what is said to all. */

import type { AtlasInfo, Atlases, Events, Job, JobOrder, LiveAnswer } from "../contract";
import { host } from "../hosts/host";
import { Refused, getJSON, sendJSON, spacePath } from "./api";
import { lacking } from "./lacking";
import { counterparts } from "./link";
import { Pane } from "./pane.svelte";
import { SpaceData } from "./space";
import { decodeView, encodeView, newPane, type View } from "./view";

export interface Notice {
  id: number;
  text: string;
  bad: boolean;
  action: { name: string; run: () => void } | null;
}

export type Appearance = "auto" | "light" | "dark";

class App {
  atlases = $state.raw<AtlasInfo[]>([]);
  jobs = $state.raw<Job[]>([]);
  panes = $state.raw<Pane[]>([]);
  active = $state(0);
  linked = $state(true);
  loaded = $state(false);
  /** Whether there is a picture: what is not needed for it is fetched after it. */
  pictured = $state(false);
  /** Why nothing can be shown at all. */
  failure = $state<string | null>(null);
  connected = $state(true);
  /** What stands beside the map in place of its controls. */
  panel = $state<"" | "findings" | "comparison">("");
  /** Grows whenever the server was lost and is there again. */
  epoch = $state(0);
  notices = $state.raw<Notice[]>([]);
  /** Read out by screen readers. */
  announced = $state("");
  appearance = $state<Appearance>(readAppearance());
  systemDark = $state(matchMedia("(prefers-color-scheme: dark)").matches);
  readonly dark = $derived(this.appearance === "auto" ? this.systemDark : this.appearance === "dark");
  calm = $state(matchMedia("(prefers-reduced-motion: reduce)").matches);

  sentence = $state.raw<{ text: string; at: number | null } | null>(null);
  /** What a sentence gave, and in which space. */
  live = $state.raw<(LiveAnswer & { atlas: string; space: string }) | null>(null);
  reading = $state(false);

  private readonly spaces = new Map<string, SpaceData>();
  private server = "";
  private count = 0;

  get pane(): Pane {
    return this.panes[this.active] ?? this.panes[0];
  }

  async start(): Promise<void> {
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (e) => (this.systemDark = e.matches));
    matchMedia("(prefers-reduced-motion: reduce)").addEventListener("change", (e) => (this.calm = e.matches));
    host().address.watch((view) => this.open(view));
    this.listen();
    try {
      await this.catchUp();
    } catch (error) {
      this.failure = (error as Error).message;
    }
  }

  /** Opens the view that an address, from its `#` on, describes. */
  open(hash: string): void {
    const points = (space: { points: number }) => space.points;
    this.show(
      decodeView(hash, (atlas, name) => {
        const spaces = (this.atlas(atlas) ?? this.atlases[0])?.spaces ?? [];
        const space = spaces.find((each) => each.name === name);
        return space ? space.points : Math.max(0, ...spaces.map(points));
      }),
    );
  }

  private show(view: View): void {
    for (const gone of this.panes.slice(view.panes.length)) gone.dispose();
    this.panes = view.panes.map((each, number) => {
      const pane = this.panes[number] ?? new Pane(this);
      pane.playing = false;
      const atlas = this.atlas(each.atlas) ?? this.atlases[0];
      // Points and places of a space that is not there mean nothing in the one shown for it.
      const lost = each.space !== "" && atlas !== undefined && lacking(atlas.spaces, each.space, null) !== null;
      pane.view = { ...(lost ? newPane("", each.space) : each), atlas: atlas?.id ?? "" };
      return pane;
    });
    this.active = view.active;
    this.linked = view.linked;
    if (view.findings) this.panel = "findings";
    else if (this.panel === "findings") this.panel = "";
    if (view.sentence) {
      if (view.sentence.text !== this.sentence?.text || view.sentence.at !== this.sentence?.at) {
        void this.read(view.sentence.text, view.sentence.at);
      }
    } else {
      this.sentence = this.live = null;
    }
  }

  readonly view = $derived.by<View>(() => ({
    panes: this.panes.map((pane) => pane.resolved),
    active: this.active,
    linked: this.linked,
    sentence: this.sentence,
    findings: this.panel === "findings",
  }));

  /** What opens this view elsewhere; null where nothing does. */
  get link(): string | null {
    return host().address.link(encodeView(this.view));
  }

  atlas(id: string): AtlasInfo | undefined {
    return this.atlases.find((atlas) => atlas.id === id);
  }

  /** The page's one holder of a space's data. */
  space(atlas: string, name: string): SpaceData | null {
    const info = this.atlas(atlas)?.spaces.find((space) => space.name === name);
    if (!info) return null;
    const id = `${atlas}/${name}`;
    let held = this.spaces.get(id);
    // Made anew from other inputs: nothing of what was fetched holds.
    if (held && SpaceData.made(held.info) !== SpaceData.made(info)) held = undefined;
    if (!held) this.spaces.set(id, (held = new SpaceData(atlas, info)));
    if (held.info !== info) held.update(info);
    return held;
  }

  // ---- panes ---------------------------------------------------------------------------

  /** Opens a second map that shows what the first does. */
  split(): void {
    if (this.panes.length > 1) return;
    const first = this.panes[0];
    const second = new Pane(this);
    // The same picture, to be taken from there to what it is compared with.
    const { selected, only } = first.view;
    second.view = { ...newPane(), ...$state.snapshot(first.resolved), selected, only };
    this.panes = [first, second];
    this.active = 1;
  }

  close(pane: Pane): void {
    if (this.panes.length < 2) return;
    pane.dispose();
    this.panes = this.panes.filter((each) => each !== pane);
    this.active = 0;
  }

  /** Selects points in one pane, and what they are in the other. */
  async select(pane: Pane, points: Int32Array): Promise<void> {
    pane.choose(points);
    for (const other of this.others(pane)) {
      if (!pane.data || !other.data) continue;
      const found = await counterparts(pane.data, other.data, points);
      if (pane.view.selected === points) other.choose(found);
    }
  }

  async hover(pane: Pane, point: number): Promise<void> {
    pane.hovered = point;
    for (const other of this.others(pane)) {
      if (!pane.data || !other.data) continue;
      const found = point < 0 ? [] : await counterparts(pane.data, other.data, [point]);
      if (pane.hovered === point) other.hovered = found[0] ?? -1;
    }
  }

  private others(pane: Pane): Pane[] {
    return this.linked ? this.panes.filter((each) => each !== pane) : [];
  }

  // ---- what the server is asked to do ------------------------------------------------------

  async order(job: Job, order: JobOrder["order"]): Promise<void> {
    await this.trying(async () => this.keepJob(await sendJSON<Job>("POST", `/api/jobs/${job.id}`, { order })));
  }

  keepJob(job: Job): void {
    const at = this.jobs.findIndex((each) => each.id === job.id);
    this.jobs = at < 0 ? [job, ...this.jobs] : this.jobs.with(at, job);
    for (const pane of this.panes) pane.follow(job);
  }

  keepAtlas(info: AtlasInfo): void {
    const at = this.atlases.findIndex((atlas) => atlas.id === info.id);
    this.atlases = at < 0 ? [...this.atlases, info] : this.atlases.with(at, info);
  }

  /** Takes the answer to a change of one space. */
  keepSpace(atlas: string, info: AtlasInfo["spaces"][number]): void {
    const held = this.atlas(atlas);
    if (held) this.keepAtlas({ ...held, spaces: held.spaces.map((each) => (each.name === info.name ? info : each)) });
  }

  /** Reads a sentence, and with `at` its word, into the active pane's space. */
  async read(text: string, at: number | null): Promise<void> {
    const pane = this.panes.find((each) => each === this.pane && each.info?.live) ?? this.panes.find((each) => each.info?.live);
    this.sentence = { text, at };
    if (!pane?.info) return;
    this.reading = true;
    try {
      const body = { text, k: 15, ...(at === null ? {} : { at }) };
      const [atlas, space] = [pane.view.atlas, pane.info.name];
      const answer = await sendJSON<LiveAnswer>("POST", `${spacePath(atlas, space)}/live`, body);
      if (this.sentence?.text === text && this.sentence.at === at) this.live = { ...answer, atlas, space };
      if (answer.word) this.announce(`${answer.word.word} placed among ${pane.info.name}`);
    } catch (error) {
      this.complain(error);
    } finally {
      this.reading = false;
    }
  }

  forgetSentence(): void {
    this.sentence = this.live = null;
  }

  // ---- what is said ---------------------------------------------------------------------------

  announce(text: string): void {
    this.announced = text;
  }

  say(text: string, action: Notice["action"] = null, bad = false): void {
    const notice = { id: ++this.count, text, bad, action };
    this.notices = [...this.notices.slice(-3), notice];
    this.announce(text);
    setTimeout(() => this.dismiss(notice), bad || action ? 12_000 : 5_000);
  }

  dismiss(notice: Notice): void {
    this.notices = this.notices.filter((each) => each.id !== notice.id);
  }

  complain(error: unknown): void {
    if (error instanceof DOMException && error.name === "AbortError") return;
    if (error instanceof Refused && error.status === 0) return; // the banner says it
    this.say((error as Error).message, null, true);
  }

  /** Runs what may be refused; says why if it is. */
  async trying<T>(work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      this.complain(error);
      return null;
    }
  }

  setAppearance(appearance: Appearance): void {
    this.appearance = appearance;
    try {
      localStorage.setItem("lexiscope:appearance", appearance);
    } catch {
      // Without storage it lasts as long as the page.
    }
  }

  // ---- the host's events ----------------------------------------------------------------------

  private listen(): void {
    const heard: { [Name in keyof Events]: (value: Events[Name]) => void } = {
      hello: ({ server }) => {
        const again = (this.server !== "" && !this.connected) || this.failure !== null;
        this.server = server;
        this.connected = true;
        if (again) void this.trying(() => this.catchUp());
      },
      atlas: (info) => this.keepAtlas(info),
      job: (job) => this.keepJob(job),
    };
    host().listen(
      (name, value) => heard[name](value),
      () => (this.connected = false),
    );
  }

  /** Takes what there is from the server: at the start, and when it was lost and found again. */
  private async catchUp(): Promise<void> {
    this.atlases = (await getJSON<Atlases>("/api/atlases")).atlases;
    if (this.loaded) this.epoch++;
    else this.open(host().address.get());
    this.loaded = true;
    this.failure = null;
    this.jobs = (await getJSON<Job[]>("/api/jobs")).reverse();
    for (const pane of this.panes) pane.computing.forgetLost(this.jobs);
  }
}

function readAppearance(): Appearance {
  try {
    const kept = localStorage.getItem("lexiscope:appearance");
    return kept === "light" || kept === "dark" ? kept : "auto";
  } catch {
    return "auto";
  }
}

export type { App };
export const app = new App();
