/** Files out: one YAML, a zip, the clipboard; and in from the disk. */
import { useState } from "preact/hooks";
import { oneText, removeFile, save, saveZip } from "../../model/files";
import { activeFile, project } from "../../model/project";
import { Icon } from "../icons";
import { Menu } from "../menu";

export function DownloadMenu({ upload }: { upload: () => void }) {
  const [open, setOpen] = useState(false);
  const all = (): string => oneText(project.value.files);
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
          { label: "Download a zip", run: () => void saveZip(project.value.files) },
          ...(project.value.files.length > 1 ? [{ label: `Remove ${activeFile.value}`, run: () => removeFile(activeFile.value) }] : []),
        ]} />
      )}
    </span>
  );
}
