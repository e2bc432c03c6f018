/** The left side: files as tabs, the code or the form, problems, and the status line. */
import { useRef } from "preact/hooks";
import { addFile, dropFiles, formatActive, notice, removeFile } from "../../model/files";
import { editorOpen, leftMode, segment } from "../../model/panels";
import { activeFile, project, tabName } from "../../model/project";
import { diagnostics, run } from "../../model/session";
import type { Severity } from "../../core/types";
import { Icon } from "../icons";
import { later } from "../later";
import { SeverityMark } from "../marks";
import { CodeArea } from "./area";
import { DownloadMenu } from "./download";
import { Problems } from "./problems";

const Form = later(() => import("../form/form").then((part) => part.Form));

export function LeftPanel() {
  return (
    <section class="left" aria-label="Manifests"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => { event.preventDefault(); if (event.dataTransfer) void dropFiles(event.dataTransfer); }}>
      <Head />
      {leftMode.value === "form" ? <Form /> : <><Tabs /><CodeArea /></>}
      {notice.value && <p class="notice" role="alert">{notice.value}<button type="button" class="icon-btn" aria-label="Dismiss" onClick={() => (notice.value = undefined)}><Icon name="close" /></button></p>}
      <Problems />
      <Status />
    </section>
  );
}

function Head() {
  const input = useRef<HTMLInputElement>(null);
  return (
    <div class="left-head">
      <div class="segments" role="group" aria-label="Write or fill in">
        <button type="button" aria-pressed={leftMode.value === "manifests"} onClick={() => (leftMode.value = "manifests")}>Manifests</button>
        <button type="button" aria-pressed={leftMode.value === "form"} onClick={() => (leftMode.value = "form")}>Form</button>
      </div>
      <span class="spacer" />
      <button type="button" class="icon-btn" aria-label="Add a file" onClick={addFile}><Icon name="plus" /></button>
      <button type="button" class="icon-btn" aria-label="Format" onClick={() => void formatActive()}><Icon name="format" /></button>
      <DownloadMenu upload={() => input.current?.click()} />
      <input ref={input} type="file" multiple accept=".yaml,.yml,.json" hidden
        onChange={(event) => { const { files } = event.currentTarget; if (files) void dropFiles({ files }); event.currentTarget.value = ""; }} />
      <button type="button" class="icon-btn" aria-label="Hide the editor" onClick={() => { editorOpen.value = false; segment.value = "run"; }}><Icon name="panel" /></button>
    </div>
  );
}

const WORST: Severity[] = ["error", "warning", "note"];

function Tabs() {
  const { files } = project.value;
  const move = (event: KeyboardEvent): void => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (event.key === "Delete" && files.length > 1) removeFile(activeFile.value);
    if (by === 0) return;
    event.preventDefault();
    const at = files.findIndex(({ name }) => name === activeFile.value);
    activeFile.value = files[(at + by + files.length) % files.length]?.name ?? "";
    requestAnimationFrame(() => document.querySelector<HTMLElement>(".tabs [aria-selected=true]")?.focus());
  };
  return (
    <div class="tabs" role="tablist" aria-label="Files" onKeyDown={move}>
      {files.map(({ name }) => {
        const worst = WORST.find((severity) => severity !== "note" && diagnostics.value.some((found) => found.place?.file === name && found.severity === severity));
        const selected = name === activeFile.value;
        return (
          <button key={name} type="button" role="tab" id={`tab-${name}`} aria-selected={selected} aria-controls="code" tabIndex={selected ? 0 : -1} title={name} onClick={() => (activeFile.value = name)}>
            {worst && <SeverityMark severity={worst} />}{tabName(name)}
          </button>
        );
      })}
    </div>
  );
}

function Status() {
  const took = run.value?.tookMs;
  return (
    <footer class="status num">
      <Icon name="lock" /><span>Runs in this tab, nothing is sent</span>
      <span class="spacer" />
      {took !== undefined && <span>{(run.value?.report.durationMs ?? 0) / 1_000} s simulated in {Math.max(1, Math.round(took))} ms</span>}
      <span>{__VERSION__}</span>
    </footer>
  );
}
