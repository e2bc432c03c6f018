/** Files out: one YAML, a zip, the clipboard; and in from the disk. */
import { useState } from "preact/hooks";
import { removeFile, save } from "../../model/files";
import { activeFile, project } from "../../model/project";
import { Icon } from "../icons";
import { Menu } from "../menu";

export function DownloadMenu({ upload }: { upload: () => void }) {
  const [open, setOpen] = useState(false);
  const all = (): string => project.value.files.map(({ text }) => text.trimEnd()).join("\n---\n") + "\n";
  const zip = async (): Promise<void> => {
    const { strToU8, zipSync } = await import("fflate");
    const entries = Object.fromEntries(project.value.files.map(({ name, text }) => [name, strToU8(text)]));
    save("manifests.zip", new Uint8Array(zipSync(entries)), "application/zip");
  };
  const kubectl = (): string => project.value.files
    .filter(({ text }) => !/apiVersion:\s*mesh-failover\.dev/.test(text)).map(({ name }) => `kubectl apply -f ${name}`).join("\n") + "\n";
  return (
    <span class="menu-anchor">
      <button type="button" class="icon-btn" aria-label="Files: open, copy, download" aria-haspopup="menu" aria-expanded={open} onClick={() => setOpen(!open)}><Icon name="download" /></button>
      {open && (
        <Menu label="Files" close={() => setOpen(false)} items={[
          { label: "Open files", run: upload },
          { label: "Copy all manifests", run: () => void navigator.clipboard.writeText(all()) },
          { label: "Copy kubectl commands", run: () => void navigator.clipboard.writeText(kubectl()) },
          { label: "Download one file", run: () => save("manifests.yaml", all(), "application/yaml") },
          { label: "Download a zip", run: () => void zip() },
          ...(project.value.files.length > 1 ? [{ label: `Remove ${activeFile.value}`, run: () => removeFile(activeFile.value) }] : []),
        ]} />
      )}
    </span>
  );
}
