export * from "./api.js";
export { codes, MeshFailoverError } from "./error.js";
export type { FilterReport } from "./filter.js";
export type { CountColumns, EndpointColumns, FrameColumns, RegionColumns } from "./frames.js";
export type { Source } from "./load.js";
export type * from "./types.js";
