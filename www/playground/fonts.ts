/**
 * The two typefaces, cut to what the page shows when it is built: its own letters, the weights of its styles, tabular figures.
 * Anything else that a manifest may hold is drawn by the reader's system.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import subset from "subset-font";
import type { HtmlTagDescriptor, Plugin } from "vite";

interface Face { family: string; file: string; features: string[]; source: string }

const FACES: Face[] = [
  { family: "Inter Variable", file: "inter.woff2", features: ["kern", "tnum"], source: "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2" },
  { family: "JetBrains Mono Variable", file: "jetbrains-mono.woff2", features: [], source: "@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2" },
];
const WEIGHTS = { min: 400, max: 600 };
const ASCII = String.fromCodePoint(...Array.from({ length: 95 }, (_, index) => 32 + index));
const LETTERS = `${ASCII}\u00a0±µ×÷·°–—…‘’“”←→`;

export function fonts(): Plugin {
  const cut = new Map<string, Promise<Uint8Array>>();
  const made = (face: Face): Promise<Uint8Array> => {
    const known = cut.get(face.file) ?? make(face);
    cut.set(face.file, known);
    return known;
  };
  return {
    name: "fonts",
    async buildStart() {
      if (this.environment.mode !== "build") return;
      for (const face of FACES) this.emitFile({ type: "asset", name: face.file, source: await made(face) });
    },
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const face = FACES.find(({ file }) => request.url === `/${file}`);
        if (!face) return next();
        void made(face).then((bytes) => response.setHeader("content-type", "font/woff2").end(bytes), next);
      });
    },
    transformIndexHtml: {
      order: "post",
      handler(_, { bundle }) {
        const address = ({ file }: Face): string => {
          const asset = Object.values(bundle ?? {}).find((built) => built.type === "asset" && built.names.includes(file));
          return `./${asset?.fileName ?? file}`;
        };
        return FACES.flatMap((face) => tags(face, address(face)));
      },
    },
  };
}

function make({ source, features }: Face): Promise<Uint8Array> {
  const whole = readFileSync(createRequire(import.meta.url).resolve(source));
  return subset(whole, LETTERS, { targetFormat: "woff2", variationAxes: { wght: WEIGHTS }, keepFeatures: features, noHinting: true });
}

/** The face itself, and a word to the browser to fetch it before a style asks for it. */
function tags({ family }: Face, address: string): HtmlTagDescriptor[] {
  const style = `@font-face{font-family:"${family}";font-display:swap;font-weight:${WEIGHTS.min} ${WEIGHTS.max};src:url(${address}) format("woff2")}`;
  return [
    { tag: "link", attrs: { rel: "preload", as: "font", type: "font/woff2", crossorigin: true, href: address }, injectTo: "head" },
    { tag: "style", children: style, injectTo: "head" },
  ];
}
