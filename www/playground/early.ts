/** Scripts that the first one asks for as soon as it runs: the browser fetches them beside it. */
import type { Plugin } from "vite";

const WANTED = /\/src\/page\.tsx$/;

export function early(): Plugin {
  return {
    name: "early",
    transformIndexHtml: {
      order: "post",
      handler(_, { bundle }) {
        const page = Object.values(bundle ?? {}).find((built) => built.type === "chunk" && WANTED.test(built.facadeModuleId ?? ""));
        if (page?.type !== "chunk") return [];
        const files = [page.fileName, ...page.imports.filter((name) => bundle?.[name]?.type === "chunk" && !bundle[name].isEntry)];
        return files.map((name) => ({ tag: "link", attrs: { rel: "modulepreload", crossorigin: true, href: `./${name}` }, injectTo: "head" as const }));
      },
    },
  };
}
