import { useEffect, useState } from "preact/hooks";
import { ask } from "../core/client";
import { save } from "../model/files";
import { markdown } from "../model/markdown";
import { shareOpen } from "../model/panels";
import { project } from "../model/project";
import { run, scenario, view } from "../model/session";
import { address } from "../model/share";
import { Dialog } from "./dialog";
import { Icon } from "./icons";

export function Share() {
  const [link, setLink] = useState("");
  const [copied, setCopied] = useState("");
  useEffect(() => void address().then(setLink), []);
  const copy = async (what: string, text: string): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(what);
    } catch {
      setCopied("Copying is not allowed here. Select the link and copy it.");
    }
  };
  const embed = (): string => `<iframe src="${link.replace("#", "?embed#")}" width="800" height="450" title="mesh-failover" style="border:0"></iframe>`;
  const report = async (): Promise<void> => {
    const arm = view.value === "router" ? "router" : "native";
    const { files, istio } = project.value;
    const own = arm === "router" ? (await import("../model/router")).withRouter(files) : files;
    save("report.html", await ask({ ask: "html", files: own, istio, arm }), "text/html");
  };
  const exportScenario = (): void => {
    const file = project.value.files.find(({ name }) => name === scenario.value?.file);
    if (file) save(file.name, file.text, "application/yaml");
  };
  return (
    <Dialog label="Share" className="share" close={() => (shareOpen.value = false)}>
      <div class="dialog-head"><h2>Share</h2><button type="button" class="icon-btn" aria-label="Close" onClick={() => (shareOpen.value = false)}><Icon name="close" /></button></div>
      <p class="muted">The link contains your manifests. Nothing is uploaded.</p>
      <input class="mono" readOnly value={link} aria-label="Link" data-testid="link" onFocus={(event) => event.currentTarget.select()} />
      <div class="share-actions">
        <button type="button" class="btn" onClick={() => void copy("Link copied.", link)}><Icon name="link" />Copy link</button>
        <button type="button" class="btn" onClick={() => void copy("Markdown copied.", markdown(link))}><Icon name="copy" />Copy as Markdown</button>
        <button type="button" class="btn" onClick={() => void copy("Embed code copied.", embed())}><Icon name="code" />Copy embed code</button>
        <button type="button" class="btn" disabled={!scenario.value} onClick={exportScenario}><Icon name="download" />Export scenario</button>
        <button type="button" class="btn" disabled={!run.value} onClick={() => void report()}><Icon name="download" />Report as HTML</button>
        <button type="button" class="btn" disabled={!run.value} onClick={() => save("report.json", JSON.stringify(run.value?.report, null, 1), "application/json")}><Icon name="download" />Report as JSON</button>
      </div>
      <p role="status" class="muted">{copied}</p>
    </Dialog>
  );
}
