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
    const measure = (): void => setWidth(element.clientWidth);
    measure();
    observer.current = new ResizeObserver(measure);
    observer.current.observe(element);
  }, []);
  return [ref, width, current];
}
