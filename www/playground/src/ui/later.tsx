/** A part of the page that is fetched when it is first shown. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

export function later<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  let found: ComponentType<Props> | undefined;
  return function Later(props: Props) {
    const [, show] = useState(found !== undefined);
    useEffect(() => {
      if (!found) void load().then((part) => { found = part; show(true); });
    }, []);
    const Part = found;
    return Part ? <Part {...props} /> : null;
  };
}
