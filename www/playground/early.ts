/** Scripts that the first one asks for as soon as it runs: the browser fetches them beside it. */
import type { Plugin } from "vite";

const WANTED = /\/src\/page\.tsx$/;
/** Wanted a little later, and large. */
const EDITOR = /\/src\/ui\/editor\/code\.ts$/;

export function early(): Plugin {
  return {
    name: "early",
    transformIndexHtml: {
      order: "post",
      handler(_, { bundle }) {
        const chunkOf = (module: RegExp) => Object.values(bundle ?? {}).find((built) => built.type === "chunk" && built.moduleIds.some((id) => module.test(id)));
        const [page, editor] = [chunkOf(WANTED), chunkOf(EDITOR)];
        if (page?.type !== "chunk" || editor?.type !== "chunk") return [];
        const files = [page.fileName, ...page.imports.filter((name) => bundle?.[name]?.type === "chunk" && !bundle[name].isEntry)];
        const preload = (name: string, more = {}) => ({ tag: "link", attrs: { rel: "modulepreload", crossorigin: true, href: `./${name}`, ...more }, injectTo: "head" as const });
        return [...files.map((name) => preload(name)), preload(editor.fileName, { fetchpriority: "low" })];
      },
    },
  };
}
