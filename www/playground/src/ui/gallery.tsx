/** Situations as cards, each with the picture of its own run. */
import { useState } from "preact/hooks";
import { open, position, situations, type Situation } from "../model/gallery";
import { galleryOpen, leftMode } from "../model/panels";
import { thumbnail } from "../model/thumbnails";
import { Dialog } from "./dialog";
import { Icon } from "./icons";
import { VerdictMark } from "./marks";

type Filter = "all" | "works" | "broken";
const FILTERS: [Filter, string][] = [["all", "All"], ["works", "Works"], ["broken", "Broken"]];

export function Gallery() {
  const [search, setSearch] = useState("");
  const [filter, setFilter] = useState<Filter>("all");
  const close = (): void => { galleryOpen.value = false; };
  const words = search.toLowerCase().trim();
  const shown = situations.filter(({ title, sentence, works }) =>
    (filter === "all" || works === (filter === "works")) && `${title} ${sentence}`.toLowerCase().includes(words));
  return (
    <Dialog label="Situations" className="gallery" close={close}>
      <div class="gallery-head">
        <label class="search"><Icon name="search" /><span class="visually-hidden">Search situations</span>
          <input type="search" placeholder={`Search ${situations.length} situations`} value={search} onInput={(event) => setSearch(event.currentTarget.value)} />
        </label>
        <div class="segments" role="group" aria-label="Which">
          {FILTERS.map(([value, label]) => <button key={value} type="button" aria-pressed={filter === value} onClick={() => setFilter(value)}>{label}</button>)}
        </div>
      </div>
      <ul class="cards">
        {shown.map((situation) => <Card key={situation.id} situation={situation} current={situations[position.value ?? -1] === situation} close={close} />)}
        {shown.length === 0 && <li class="muted nothing">Nothing fits. Try another word.</li>}
      </ul>
      <div class="gallery-foot">
        <span class="muted">Opening one keeps your manifests: undo brings them back.</span>
        <button type="button" class="btn small" onClick={() => { leftMode.value = "form"; close(); }}><Icon name="plus" />Start from a form</button>
      </div>
    </Dialog>
  );
}

function Card({ situation, current, close }: { situation: Situation; current: boolean; close: () => void }) {
  const { title, sentence, works } = situation;
  return (
    <li>
      <button type="button" class="card" aria-current={current} data-id={situation.id} data-diagnosis={situation.diagnosis} onClick={() => { open(situation); close(); }}>
        <Thumbnail situation={situation} />
        <strong>{title}</strong><VerdictMark verdict={works ? "met" : "failed"} />
        <span class="muted">{sentence}</span>
      </button>
    </li>
  );
}

function Thumbnail({ situation }: { situation: Situation }) {
  const areas = thumbnail(situation).value;
  return (
    <svg class="thumb" viewBox="0 0 240 42" preserveAspectRatio="none" aria-hidden="true">
      {areas?.map(({ path, fill, line }, index) => <path key={index} d={path} fill={fill} class={line ? "thumb-line" : ""} />)}
    </svg>
  );
}
