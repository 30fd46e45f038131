/** One picture of one space: what is shown of it, fetched as it is needed. */

import { untrack } from "svelte";
import { holder, host } from "../hosts/host";
import type { ClusterLabel, Job, Neighbors, ProjectionInfo, SpaceInfo } from "../contract";
import type { Colors, Line, Mark, SceneLike, Sprites } from "../scene/types";
import { Refused, address, getJSON, spacePath } from "./api";
import type { App } from "./app.svelte";
import { hex, plainColors } from "./colors";
import { joined } from "./joined";
import { lacking } from "./lacking";
import { colorsOf, legendOf, visibleMask, type Legend, type Measured, type Shown } from "./legend";
import { Preview } from "./preview.svelte";
import { inhabited } from "./regions";
import { type Column, type PointQuality, SpaceData } from "./space";
import { KEPT, MOVED, PLAIN, newPane, type PaneView } from "./view";

/** Up to so many selected points are asked for their common neighbours; a file has those of each alone. */
export const mostAsked = () => (host().can.compute ? 12 : 1);
/** A picture of more points is shaded by density unless the view says otherwise. */
const SHADED_FROM = 200_000;

export class Pane {
  readonly app: App;
  view = $state<PaneView>(newPane());
  scene = $state.raw<SceneLike | null>(null);
  hovered = $state(-1);
  coordinates = $state.raw<{ id: string; columns: Float32Array[] } | null>(null);
  shown = $state.raw<Shown | null>(null);
  labels = $state.raw<Column | null>(null);
  kinds = $state.raw<Column | null>(null);
  quality = $state.raw<PointQuality | null>(null);
  private named = $state.raw<ClusterLabel[]>([]);
  readonly regions: ClusterLabel[] = $derived.by(() =>
    this.coordinates ? inhabited(this.named, this.coordinates.columns, this.mask) : [],
  );
  /** Why there are no neighbours. */
  refusal = $state<string | null>(null);
  polylines = $state.raw<Int32Array[]>([]);
  neighbors = $state.raw<Neighbors | null>(null);
  /** How many requests for neighbours have not ended, those that were given up among them. */
  asking = $state(0);
  /** What is being computed for this pane; shown while it belongs to what the pane shows. */
  readonly computing = new Preview();
  readonly preview: Float32Array[] | null = $derived.by(() => this.computing.at(this.place));
  /** Whether it goes from layer to layer by itself. */
  playing = $state(false);
  /** Whether a picture in three dimensions turns by itself. */
  orbiting = $state(false);
  /** Points drawn while it moves, where the machine cannot follow with all. */
  sample = $state<number | null>(null);
  sprites = $state.raw<Sprites | null>(null);
  /** Points to bring into sight once the picture that is asked for is there. */
  awaited = $state.raw<Int32Array | null>(null);
  /** How far each point moved, of the space and layer that were compared. */
  compared = $state.raw<{ place: string; movement: Measured } | null>(null);
  /** By what was fetched, so that none is forgotten because another one succeeds. */
  private failures = $state.raw<ReadonlyMap<object, string>>(new Map());
  readonly failure: string | null = $derived([...this.failures.values()][0] ?? null);
  /** How much is being fetched for the picture. */
  waiting = $state(0);
  private readonly end: () => void;

  readonly data: SpaceData | null = $derived.by(() => {
    const atlas = this.app.atlas(this.view.atlas);
    const name = atlas?.spaces.some((space) => space.name === this.view.space)
      ? this.view.space
      : (atlas?.spaces.find((space) => space.name === "word") ?? atlas?.spaces[0])?.name;
    return atlas && name ? this.app.space(atlas.id, name) : null;
  });
  /** The same for what can wait until there is a picture, and must not hold it up. */
  private readonly rest: SpaceData | null = $derived.by(() =>
    this.app.pictured || !this.projection ? this.data : null,
  );
  readonly info: SpaceInfo | null = $derived.by(
    () => this.app.atlas(this.view.atlas)?.spaces.find((space) => space.name === this.data?.info.name) ?? null,
  );
  readonly layer: number | null = $derived.by(() => {
    const layers = this.info?.layers ?? [];
    if (!layers.length) return null;
    return this.view.layer !== null && layers.includes(this.view.layer) ? this.view.layer : layers.at(-1)!;
  });
  /** What the view asks for and is not there, beside what is shown in its place. */
  readonly lacks: string | null = $derived.by(() => {
    const { atlas, space, layer } = this.view;
    const what = space && this.info ? lacking(this.app.atlas(atlas)?.spaces ?? [], space, layer) : null;
    if (!what) return null;
    const instead = space === this.info!.name ? `layer ${this.layer}` : this.info!.name;
    return `${what} is not in ${holder()}: ${instead} is shown`;
  });
  /** Names the space and layer that are shown. */
  readonly place: string = $derived.by(() => `${this.data?.path} ${this.layer}`);
  readonly movement: Measured | null = $derived.by(() =>
    this.compared?.place === this.place ? this.compared.movement : null,
  );
  readonly projections: ProjectionInfo[] = $derived(this.info?.projections[SpaceData.key(this.layer)] ?? []);
  readonly projection: ProjectionInfo | null = $derived.by(() => {
    const wanted = this.view.projection;
    const alike = wanted.replace(/-[0-9a-f]{6}$/, "");
    return (
      this.projections.find((each) => each.id === wanted) ??
      (wanted ? this.projections.find((each) => each.id === alike) : null) ??
      (wanted ? this.projections.find((each) => wanted.startsWith(`${each.method}-`)) : null) ??
      this.projections[0] ??
      null
    );
  });
  /** Whether the picture is another than the view asks for, as this layer lacks that one. */
  readonly substituted = $derived(
    this.view.projection !== "" && this.projection !== null && this.projection.id !== this.view.projection,
  );
  /** Whether the picture that is asked for is the one that is there. */
  readonly settled = $derived(
    this.projection !== null && this.coordinates?.id === `${this.place} ${this.projection.id}`,
  );
  /** The column, or the measure, that colours the points. */
  readonly color: string = $derived.by(() => {
    const columns = this.info?.columns ?? [];
    if (this.view.color === KEPT || this.view.color === PLAIN) return this.view.color;
    if (this.view.color === MOVED && this.movement) return MOVED;
    if (columns.some((column) => column.name === this.view.color && column.type !== "text")) return this.view.color!;
    const usual = ["sense", "kind", "target", "position", "row"].map((name) =>
      columns.find((column) => column.name === name && column.type !== "text"),
    );
    return usual.find((column) => column && (column.type === "number" || (column.categories?.length ?? 0) > 1))?.name ?? PLAIN;
  });
  readonly legend: Legend | null = $derived.by(() => (this.shown ? legendOf(this.shown, this.app.dark) : null));
  readonly n = $derived(this.info?.points ?? 0);
  readonly colors: Colors = $derived.by(() =>
    this.shown
      ? colorsOf(this.shown, this.app.dark)
      : plainColors(this.n, hex(this.app.dark ? "#6ba6c9" : "#3d7ea6")),
  );
  /** Whether the points have the colour that the filters were made for. */
  private readonly painted = $derived(this.view.color === null || this.view.color === this.color);
  readonly mask = $derived(
    visibleMask(this.n, this.shown, {
      hidden: this.painted ? this.view.hidden : [],
      range: this.painted ? this.view.range : null,
      only: this.view.only,
    }),
  );
  readonly density = $derived(this.view.density ?? this.n > SHADED_FROM);
  /** What `lexiscope near` would be asked. */
  readonly query: string | null = $derived.by(() => {
    if (this.view.asked) return this.view.asked;
    if (this.called !== null) return this.called;
    const points = this.view.selected;
    if (!points.length || points.length > mostAsked()) return null;
    return Array.from(points, (point) => `#${point}`).join(" + ");
  });
  /** The label of all that is selected, where several points have it and each of them is: their mean can be asked for. */
  readonly called: string | null = $derived.by(() => {
    const { selected, label } = this.view;
    const labels = this.labels;
    if (!host().can.compute || selected.length < 2 || label !== "label" || !labels) return null;
    const name = String(labels.at(selected[0]) ?? "");
    // A sum, or a number, would be taken for what it says.
    if (!name || /^#\d+$|\s[+-]\s/.test(name)) return null;
    let alike = 0;
    for (let point = 0; point < this.n; point++) if (labels.at(point) === name) alike++;
    return alike === selected.length && selected.every((point) => labels.at(point) === name) ? name : null;
  });
  readonly lines: Line[] = $derived.by(() => {
    const near = this.neighbors;
    if (!near || near.points.length !== 1 || this.view.asked) return [];
    const values = near.neighbors.map((each) => each.value);
    const low = Math.min(...values);
    const span = Math.max(...values) - low || 1;
    return near.neighbors.map((each) => {
      const share = (each.value - low) / span;
      return { from: near.points[0], to: each.point, strength: 0.35 + 0.65 * (near.metric === "euclidean" ? 1 - share : share) };
    });
  });
  readonly emphasis: Uint8Array | null = $derived.by(() => {
    const points = this.view.selected;
    if (!points.length && !this.neighbors) return null;
    const mask = new Uint8Array(this.n);
    for (const point of points) mask[point] = 1;
    for (const near of this.neighbors?.neighbors ?? []) mask[near.point] = 1;
    return mask;
  });
  readonly marks: Mark[] = $derived.by(() => {
    const live = this.app.live;
    if (!live?.word || live.atlas !== this.view.atlas || live.space !== this.info?.name || !this.projection) return [];
    const place = live.layers.find((each) => each.layer === this.layer)?.places[this.projection.id];
    return place ? [{ place, text: live.word.word }] : [];
  });
  /** Of points that would be labelled, how much each deserves it: whole words, frequent ones first. */
  readonly weight: Float32Array | null = $derived.by(() => {
    const kinds = this.kinds;
    if (!kinds?.codes) return null;
    const word = kinds.info.categories!.findIndex(({ value }) => value === "word");
    return Float32Array.from(kinds.codes, (code, point) => (code === word ? 2 : 1) - point / kinds.codes!.length);
  });
  /** The view with what it leaves open said, so that its address opens the same picture. */
  readonly resolved: PaneView = $derived({
    ...this.view,
    space: this.info?.name ?? this.view.space,
    layer: this.layer,
    projection: this.projection?.id ?? this.view.projection,
  });

  constructor(app: App) {
    this.app = app;
    this.end = $effect.root(() => {
      this.fetching(
        () => [this.data, this.projection?.id, this.layer],
        async () => {
          const { data, projection, layer } = this;
          if (!data || !projection) return null;
          return { id: `${this.place} ${projection.id}`, columns: await data.coordinates(projection.id, layer) };
        },
        (value) => {
          this.coordinates = value;
          // A better picture that comes later does not take this one's place by itself.
          if (value && this.projection) this.view.projection ||= this.projection.id;
        },
      );
      // Numbers of points, and places, mean nothing in a space that was made anew.
      let made: string | null = null;
      $effect(() => {
        const now = this.data ? `${this.data.path} ${SpaceData.made(this.data.info)}` : null;
        const path = made?.split(" ")[0];
        if (now && made && now !== made && now.startsWith(`${path} `)) {
          untrack(() => Object.assign(this.view, { selected: new Int32Array(0), only: null, camera: null }));
        }
        made = now ?? made;
      });
      this.fetching(
        () => [this.data, this.color, this.movement, this.color === KEPT ? [this.projection?.id, this.layer] : this.columnVersion(this.color)],
        async () => {
          const { data, color, projection, layer } = this;
          if (!data || color === PLAIN) return null;
          if (color === MOVED) return this.movement;
          if (color !== KEPT) return { column: await data.column(color) };
          if (!projection?.quality) return null;
          return { name: "true neighbours kept", numbers: (await data.quality(projection.id, layer)).kept };
        },
        (value) => (this.shown = value),
      );
      this.fetching(
        () => [this.rest, this.view.label, this.columnVersion(this.view.label)],
        () => this.rest?.column(this.hasColumn(this.view.label) ? this.view.label : "label") ?? null,
        (value) => (this.labels = value),
      );
      this.fetching(
        () => this.rest,
        () => (this.rest && this.hasColumn("kind") ? this.rest.column("kind") : null),
        (value) => (this.kinds = value),
      );
      this.fetching(
        () => [this.rest, this.projection?.id, this.layer],
        () => (this.rest && this.projection?.quality ? this.rest.quality(this.projection.id, this.layer) : null),
        (value) => (this.quality = value),
      );
      this.fetching(
        () => [this.rest, this.projection?.id, this.layer, this.view.regions],
        () => (this.rest && this.projection && this.view.regions ? this.rest.regions(this.projection.id, this.layer) : []),
        (value) => (this.named = value ?? []),
      );
      this.fetching(
        () => [this.data, this.view.join, this.columnVersion(this.view.join ?? "")],
        () => (this.data && this.view.join !== null ? joined(this.data, this.view.join) : null),
        (value) => (this.polylines = value ?? []),
      );
      $effect(() => {
        const { data, query, layer } = this;
        const { k, metric, spherize } = this.view;
        void this.app.epoch;
        this.refusal = null;
        if (!data || !query) {
          this.neighbors = null;
          return;
        }
        const stop = new AbortController();
        untrack(() => this.asking++);
        const asked = address(`${data.path}/neighbors`, { query, k, metric, layer, spherize });
        getJSON<Neighbors>(asked, stop.signal)
          .then((answer) => {
            this.neighbors = answer;
            this.tell(answer);
            // A sum has no place of its own: what it is near shows where it points.
            if (this.view.asked) this.scene?.fit([...answer.points, ...answer.neighbors.map(({ point }) => point)], true);
          })
          .catch((error: unknown) => {
            if (!stop.signal.aborted) {
              this.neighbors = null;
              this.refusal = error instanceof Refused && error.status === 0 ? null : (error as Error).message;
              this.app.complain(error);
            }
          })
          .finally(() => this.asking--);
        return () => stop.abort();
      });
    });
  }

  dispose(): void {
    this.end();
  }

  /** Opens another space; what belonged to the old one is let go. */
  open(atlas: string, space: string): void {
    this.computing.forget();
    this.coordinates = null;
    this.hovered = -1;
    this.playing = false;
    this.sprites = null;
    const { k, metric, spherize, size, regions } = this.view;
    this.view = { ...newPane(atlas, space), k, metric, spherize, size, regions };
  }

  choose(points: Int32Array): void {
    this.view.selected = points;
    this.view.asked = null;
  }

  /** Puts the picture to another layer, with its lines and marks. */
  step(by: number): void {
    const layers = this.info?.layers ?? [];
    const at = layers.indexOf(this.layer ?? -1);
    if (at < 0) return;
    const next = layers[Math.min(layers.length - 1, Math.max(0, at + by))];
    this.toLayer(next);
  }

  toLayer(layer: number): void {
    // The projection is said, so that a layer without it does not change what is asked for.
    this.view.projection = this.view.projection || (this.projection?.id ?? "");
    this.view.layer = layer;
    this.app.announce(`layer ${layer}`);
  }

  draw(projection: string): void {
    this.computing.forget();
    this.view.projection = projection;
    this.view.camera = null;
  }

  paint(color: string): void {
    this.view.color = color;
    this.view.hidden = [];
    this.view.range = null;
  }

  /** Takes the news of a job. */
  follow(job: Job): void {
    if (!this.computing.follow(job)) return;
    if (job.error) this.app.say(job.error, null, true);
    if (job.projection && this.data?.path === spacePath(job.atlas, job.space)) this.draw(job.projection);
  }

  labelOf(point: number): string {
    return String(this.labels?.at(point) ?? `#${point}`);
  }

  hasColumn(name: string): boolean {
    return this.info?.columns.some((column) => column.name === name) ?? false;
  }

  /** Changes when a person's own column does. */
  private columnVersion(name: string): string {
    return this.info?.columns.some((column) => column.name === name && column.own) ? this.info.version : "";
  }

  private tell(answer: Neighbors): void {
    const near = answer.neighbors.slice(0, 5).map((each) => each.label);
    const asked = answer.points.length === 1 ? this.labelOf(answer.points[0]) : answer.query;
    this.app.announce(`${asked} selected; nearest: ${near.join(", ")}`);
  }

  /** Fetches when what it depends on changes; an answer that was overtaken is let go. */
  private fetching<T>(
    depends: () => unknown,
    fetch: () => Promise<T | null> | T | null,
    keep: (value: T | null) => void,
  ): void {
    const fail = (why: string | null) => {
      const others = [...this.failures].filter(([of]) => of !== fetch);
      this.failures = new Map(why === null ? others : [...others, [fetch, why]]);
    };
    $effect(() => {
      depends();
      void this.app.epoch; // what a lost server did not answer is asked again
      let current = true;
      untrack(() => this.waiting++);
      Promise.resolve(fetch())
        .then((value) => {
          if (!current) return;
          keep(value);
          fail(null);
        })
        .catch((error: unknown) => {
          if (current) fail((error as Error).message);
        })
        .finally(() => this.waiting--);
      return () => (current = false);
    });
  }
}
