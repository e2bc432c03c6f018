/** What the first screen needs is one file: each file that a page asks for costs a slow machine more than its bytes. */
import { fileURLToPath } from "node:url";

interface Graph { getModuleInfo(id: string): { importedIds: readonly string[] } | null }

const FIRST = fileURLToPath(new URL("./src/main.ts", import.meta.url));
const PAGE = fileURLToPath(new URL("./src/page.tsx", import.meta.url));

/** The chunk of a module, for `codeSplitting`: the page's for all that it imports at once, but not what the first script has already. */
export function chunkOf(id: string, graph: Graph): string | null {
  if (reachable(FIRST, graph).has(id)) return null;
  return reachable(PAGE, graph).has(id) ? "page" : null;
}

const known = new Map<string, Set<string>>();

function reachable(entry: string, graph: Graph): Set<string> {
  const before = known.get(entry);
  if (before) return before;
  const found = new Set([entry]);
  for (const id of found) for (const imported of graph.getModuleInfo(id)?.importedIds ?? []) found.add(imported);
  known.set(entry, found);
  return found;
}
