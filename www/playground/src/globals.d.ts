declare const __VERSION__: string;

declare module "virtual:fields" {
  /** By kind and path: what may stand there, and what it means. */
  export const FIELDS: Record<string, Record<string, Record<string, string>>>;
}
