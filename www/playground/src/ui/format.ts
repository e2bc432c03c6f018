/** Numbers as the page shows them: shares and times with one decimal, milliseconds whole. */
const THOUSANDS = /\B(?=(?:\d{3})+$)/g;

/** Not by `Intl`, whose tables take a slow machine 160 ms to load. */
export const count = (value: number): string => Math.round(value).toString().replace(THOUSANDS, ",");
export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
export const share = (percent: number): string => `${percent.toFixed(1)}%`;
/** In headings: no decimals, unless they say something. */
export const roundShare = (percent: number): string => `${Number.isInteger(Math.round(percent * 10) / 10) ? Math.round(percent) : percent.toFixed(1)}%`;
export const millis = (ms: number | null | undefined): string => (ms === undefined || ms === null ? "–" : `${Math.round(ms)} ms`);
export const rate = (perSecond: number): string => `${count(perSecond)} req/s`;
/** An endpoint's name where its region is plain from the place: without the region. */
export function shortName({ name, region }: { name: string; region: string }): string {
  const rest = name.startsWith(`${region}-`) ? name.slice(region.length + 1) : name;
  return rest.length > 14 ? `…${rest.slice(-12)}` : rest;
}
export const plain = (value: number): string => (Math.round(value * 10) / 10).toString();
