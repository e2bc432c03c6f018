/** An element's inner width, as it changes. */
import { useCallback, useRef, useState } from "preact/hooks";

export function useWidth(): [(element: HTMLElement | null) => void, number, { current: HTMLElement | null }] {
  const [width, setWidth] = useState(0);
  const current = useRef<HTMLElement | null>(null);
  const observer = useRef<ResizeObserver | undefined>(undefined);
  const ref = useCallback((element: HTMLElement | null) => {
    observer.current?.disconnect();
    current.current = element;
    if (!element) return;
    // The first answer comes before the first paint too; to ask for it now would lay the page out in the middle of a render.
    observer.current = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.current.observe(element);
  }, []);
  return [ref, width, current];
}
