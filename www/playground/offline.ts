/** A service worker that keeps the built files, so that the page works offline after its first visit. */
import type { Plugin } from "vite";

export function offline(): Plugin {
  return {
    name: "offline",
    apply: "build",
    generateBundle(_, bundle) {
      // Only what a reader of English needs; other scripts come when a text has them.
      const wanted = Object.keys(bundle).filter((name) => !/-(?:cyrillic|greek|vietnamese|latin-ext)/.test(name) && !name.endsWith(".map")).sort();
      const version = hash(wanted.join());
      this.emitFile({ type: "asset", fileName: "sw.js", source: worker(version, ["./", "icon.svg", "manifest.webmanifest", ...wanted.filter((name) => name !== "index.html")]) });
    },
  };
}

/** File names carry their contents' hashes, so that their list is a version. */
function hash(text: string): string {
  let value = 5381;
  for (let index = 0; index < text.length; index++) value = (value * 33 + text.charCodeAt(index)) >>> 0;
  return value.toString(36);
}

function worker(version: string, files: string[]): string {
  return `const CACHE = "mesh-failover-${version}";
const FILES = ${JSON.stringify(files)};
self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith("mesh-failover-") && name !== CACHE;
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name)))).then(() => self.clients.claim()));
});
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  const page = request.mode === "navigate";
  const kept = () => caches.match(page ? "./" : request, { ignoreSearch: page });
  // A new page when there is one; files never change under their names.
  event.respondWith(page ? fetch(request).catch(kept) : kept().then((answer) => answer ?? fetch(request)));
});
`;
}
