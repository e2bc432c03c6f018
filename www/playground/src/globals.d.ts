declare const __VERSION__: string;

declare module "virtual:fields" {
  /** By kind and path: what may stand there, and what it means. */
  export const FIELDS: Record<string, Record<string, Record<string, string>>>;
}

declare module "subset-font" {
  interface Options { targetFormat: "woff2"; variationAxes: Record<string, { min: number; max: number }>; keepFeatures: string[]; noHinting: boolean }
  export default function subset(font: Uint8Array, text: string, options: Options): Promise<Uint8Array>;
}
