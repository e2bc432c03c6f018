/** A modal dialog: the browser's own, with its focus and Escape. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

export function Dialog({ label, className, close, children }: { label: string; className?: string; close: () => void; children: ComponentChildren }) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) dialog.showModal();
  }, []);
  return (
    <dialog ref={ref} class={className} aria-label={label} onClose={close} onClick={(event) => { if (event.target === ref.current) close(); }}>
      {children}
    </dialog>
  );
}
