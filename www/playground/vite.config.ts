import { readFileSync } from "node:fs";
import preact from "@preact/preset-vite";
import { defineConfig } from "vite";
import { chunkOf } from "./chunks";
import { early } from "./early";
import { fields } from "./fields";
import { fonts } from "./fonts";
import { offline } from "./offline";

const { version } = JSON.parse(readFileSync(new URL("./package.json", import.meta.url), "utf8")) as { version: string };

// Relative addresses: the built folder works under any path.
export default defineConfig({
  base: "./",
  define: { __VERSION__: JSON.stringify(version) },
  plugins: [preact(), fields(), fonts(), early(), offline()],
  worker: { format: "es" },
  server: { fs: { allow: ["../.."] } },
  build: {
    target: "es2023", assetsInlineLimit: 0, chunkSizeWarningLimit: 700,
    rolldownOptions: { output: { codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: chunkOf }] } } },
  },
});
