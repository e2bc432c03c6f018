/** The form as manifests: in which kinds, the texts, and the guide's commands. */
import { useEffect, useState } from "preact/hooks";
import { ask } from "../core/client";
import type { Rendering } from "../core/types";
import { form } from "../model/form";
import { oneText, save, saveZip } from "../model/files";
import { renderOpen } from "../model/panels";
import { intentOf, use, type Api, type Extension } from "../model/render";
import { Dialog } from "./dialog";
import { Icon } from "./icons";

const COMMANDS = "commands";
const close = (): void => { renderOpen.value = false; };

export function Render() {
  const values = form.value;
  const [api, setApi] = useState<Api>("istio");
  const [router, setRouter] = useState<Extension | undefined>(typeof values !== "string" && values.router ? "WasmPlugin" : undefined);
  const [rendering, setRendering] = useState<Rendering>();
  useEffect(() => {
    let current = true;
    const wanted: Promise<Rendering> = typeof values === "string"
      ? Promise.resolve({ ok: false, message: values })
      : ask({ ask: "render", files: [intentOf(values, { api, router })] });
    void wanted.then((made) => { if (current) setRendering(made); });
    return () => { current = false; };
  }, [values, api, router]);
  return (
    <Dialog label="Render manifests" className="render" close={close}>
      <div class="dialog-head"><h2>Render manifests</h2><button type="button" class="icon-btn" aria-label="Close" onClick={close}><Icon name="close" /></button></div>
      <div class="render-kinds">
        <label>Routes
          <select value={api} onChange={(event) => setApi(event.currentTarget.value as Api)}>
            <option value="istio">Istio: Gateway and VirtualService</option>
            <option value="gatewayApi">Gateway API: Gateway and HTTPRoute</option>
          </select>
        </label>
        <label>Region router
          <select value={router ?? ""} onChange={(event) => setRouter((event.currentTarget.value || undefined) as Extension | undefined)}>
            <option value="">None: Istio's own failover</option>
            <option value="WasmPlugin">WasmPlugin</option>
            <option value="TrafficExtension">TrafficExtension, Istio 1.30 and later</option>
          </select>
        </label>
      </div>
      {rendering && (rendering.ok ? <Texts {...rendering} /> : <p class="render-problem" role="alert"><strong class="err">Not like this.</strong> {rendering.message}</p>)}
    </Dialog>
  );
}

function Texts({ files, commands }: Extract<Rendering, { ok: true }>) {
  const [wanted, setWanted] = useState("");
  const [copied, setCopied] = useState("");
  const shown = wanted === COMMANDS || files.some(({ name }) => name === wanted) ? wanted : files[0]?.name ?? COMMANDS;
  const text = shown === COMMANDS ? commands : files.find(({ name }) => name === shown)?.text ?? "";
  const copy = async (what: string, value: string): Promise<void> => {
    try {
      await navigator.clipboard.writeText(value);
      setCopied(`${what} copied.`);
    } catch {
      setCopied("Copying is not allowed here. Select the text and copy it.");
    }
  };
  const tab = (name: string, label: string) => <button key={name} type="button" aria-pressed={shown === name} onClick={() => setWanted(name)}>{label}</button>;
  return (
    <>
      <div class="render-files" role="group" aria-label="Texts">
        {files.map(({ name }) => tab(name, name))}
        {tab(COMMANDS, "kubectl commands")}
      </div>
      <pre class="render-text mono" tabIndex={0} aria-label={shown} data-testid="rendered">{text}</pre>
      <div class="share-actions">
        <button type="button" class="btn primary" onClick={() => { use(files); close(); }}>Use these manifests</button>
        <button type="button" class="btn" onClick={() => void copy("All manifests", oneText(files))}><Icon name="copy" />Copy all</button>
        <button type="button" class="btn" onClick={() => void copy("Commands", commands)}><Icon name="copy" />Copy commands</button>
        <button type="button" class="btn" onClick={() => save("manifests.yaml", oneText(files), "application/yaml")}><Icon name="download" />One file</button>
        <button type="button" class="btn" onClick={() => void saveZip([...files, { name: "commands.txt", text: commands }])}><Icon name="download" />Zip</button>
      </div>
      <p role="status" class="muted">{copied}</p>
    </>
  );
}
