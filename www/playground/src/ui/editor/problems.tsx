/** What is wrong with the manifests: the selected one with its reason and fix, the others in a line. */
import { applyFix } from "../../model/fixes";
import { problemsOpen, selectedProblem } from "../../model/panels";
import { activeFile, project } from "../../model/project";
import { diagnostics, runProblem } from "../../model/session";
import type { Diagnostic, Severity, TextEdit } from "../../core/types";
import { Icon } from "../icons";
import { SeverityMark } from "../marks";
import { jump } from "./area";

const ORDER: Severity[] = ["error", "warning", "note"];

export function goToProblem(index: number): void {
  selectedProblem.value = index;
  problemsOpen.value = true;
  const place = diagnostics.value[index]?.place;
  if (!place) return;
  activeFile.value = place.file;
  jump.value = { file: place.file, offset: place.start, focus: false };
}

export function Problems() {
  const all = diagnostics.value;
  const fixable = all.filter(({ fix }) => fix);
  return (
    <section class="problems" aria-label="Problems" data-testid="problems">
      <div class="problems-head">
        <button type="button" class="problems-toggle" aria-expanded={problemsOpen.value} onClick={() => (problemsOpen.value = !problemsOpen.value)}>
          <strong>Problems</strong>
          {ORDER.map((severity) => {
            const number = all.filter((found) => found.severity === severity).length;
            return number > 0 && <span key={severity} class={`count num ${severity}`}><SeverityMark severity={severity} />{number}</span>;
          })}
          {all.length === 0 && !runProblem.value && <span class="muted">No problems found.</span>}
        </button>
        {fixable.length > 1 && <button type="button" class="text-btn" onClick={() => applyFix(...fixable)}>Fix all</button>}
        <Icon name="chevron" />
      </div>
      {runProblem.value && <p class="run-problem" role="alert"><SeverityMark severity="error" /><span>{runProblem.value}. Showing the last valid run.</span></p>}
      {problemsOpen.value && all.length > 0 && (
        <ul>
          {all.map((found, index) => index === selectedProblem.value
            ? <Details key={index} found={found} />
            : <Row key={index} found={found} index={index} />)}
        </ul>
      )}
    </section>
  );
}

/** A field's name keeps its own letters. */
const sentenceOf = (text: string): string => (/^[a-z]+[A-Z]/.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1));
/** Backticks become code. */
export function Words({ text }: { text: string }) {
  return <>{text.split("`").map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}</>;
}

function Row({ found, index }: { found: Diagnostic; index: number }) {
  return (
    <li class="problem-row">
      <button type="button" onClick={() => goToProblem(index)}>
        <SeverityMark severity={found.severity} /><span class="problem-title"><Words text={sentenceOf(found.message)} /></span><code class="muted">{found.code}</code>
      </button>
      {found.fix && <button type="button" class="icon-btn" aria-label={found.fix.title} title={found.fix.title} onClick={() => applyFix(found)}><Icon name="wand" /></button>}
    </li>
  );
}

/** The lines as an edit leaves them. */
function writtenLines({ file, start, end, text }: TextEdit): string[] {
  const old = project.value.files.find(({ name }) => name === file)?.text ?? "";
  const before = text.startsWith("\n") ? "" : old.slice(old.lastIndexOf("\n", start - 1) + 1, start);
  const lineEnd = old.indexOf("\n", end);
  const after = text.endsWith("\n") ? "" : old.slice(end, lineEnd < 0 ? old.length : lineEnd);
  const unchanged = new Set(old.slice(old.lastIndexOf("\n", start - 1) + 1, lineEnd < 0 ? old.length : lineEnd).split("\n"));
  return `${before}${text}${after}`.split("\n").filter((line) => line.trim() !== "" && !unchanged.has(line));
}

/** Lines of a fix that are shown. */
const MOST_LINES = 3;

function Details({ found }: { found: Diagnostic }) {
  const added = (found.fix?.edits ?? []).flatMap(writtenLines);
  const why = found.why ?? found.help;
  return (
    <li class={`problem ${found.severity}`} aria-current="true">
      <SeverityMark severity={found.severity} />
      <div>
        <strong><Words text={sentenceOf(found.message)} /></strong>
        {why && <p><Words text={sentenceOf(why)} /></p>}
        {added.length > 0 && (
          <div class="fix-lines mono">
            {added.slice(0, MOST_LINES).map((line, index) => (
              <div key={index}><span class="ok">+</span> {line}{index === MOST_LINES - 1 && added.length > MOST_LINES && <span class="muted"> and {added.length - MOST_LINES} more</span>}</div>
            ))}
          </div>
        )}
        <div class="problem-actions">
          {found.fix && <button type="button" class="btn small" data-testid="fix" onClick={() => applyFix(found)}><Icon name="wand" />{found.fix.title}</button>}
          <code class="muted">{found.code}</code>
          {found.place && <PlaceLink {...found.place} />}
        </div>
      </div>
    </li>
  );
}

export function PlaceLink({ file, line, start }: { file: string; line: number; start: number }) {
  return (
    <button type="button" class="line-link mono" title={`${file}, line ${line}`} onClick={() => { activeFile.value = file; jump.value = { file, offset: start, focus: true }; }}>
      line {line}
    </button>
  );
}
