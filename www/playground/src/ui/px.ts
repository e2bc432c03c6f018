/** Numbers in styles are pixels: Preact 11 leaves them bare, and the page is full of measured places. */
import { options } from "preact";

const BARE = /^(?:flex|opacity|order|zIndex|lineHeight|--)/;

interface Styled { type: unknown; props: { style?: unknown } }

export function numbersArePixels(): void {
  const before = options.vnode;
  options.vnode = (vnode) => {
    const { type, props } = vnode as unknown as Styled;
    if (typeof type === "string" && typeof props.style === "object" && props.style !== null) {
      const style = props.style as Record<string, unknown>;
      for (const name in style) if (typeof style[name] === "number" && !BARE.test(name)) style[name] = `${style[name]}px`;
    }
    before?.(vnode);
  };
}
