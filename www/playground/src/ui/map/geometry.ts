/** Where things stand on the map. All lengths in CSS pixels. */

/** Height of a region's bar and of a flow at 100 %. */
export const FULL = 44;
const RADIUS = 30;
const GATEWAY_WIDTH = 152;
const GATEWAY_HEIGHT = 60;
const MOST_BANDS = 4;
export const MOST_ROWS = 3;

export interface Box { x: number; y: number; width: number; height: number }
export interface Band extends Box { bar: { x: number; y: number }; rows: Box[]; slim: boolean }
export interface Layout { width: number; height: number; bands: Band[]; gateway: Box; slim: boolean; vertical: boolean }

export interface Wanted { width: number; regions: number; home: number; compact: boolean; /** Height that the screen has to spare. */ room: number }

/** Regions as bands under each other; the gateway sits in its own. */
export function bandLayout({ width, regions, home, compact, room }: Wanted): Layout {
  const slim = regions > MOST_BANDS;
  const gap = slim ? 6 : compact ? 14 : regions > 2 ? 10 : 12;
  const tall = compact ? 98 : (regions > 2 && !slim ? 96 : 134) + (slim ? 0 : Math.min(room / regions, 90));
  const rowHeight = compact || (regions > 2 && !slim) ? 18 : 26;
  const rowGap = rowHeight < 20 ? 2 : 3;
  const bands: Band[] = [];
  let y = 0;
  const rowX = Math.round(width * 0.605);
  const barX = rowX - Math.max(28, Math.round(width * 0.07));
  for (let index = 0; index < regions; index++) {
    const height = slim && index !== home ? 40 : tall;
    const middle = slim && index !== home ? height / 2 : compact ? height / 2 + 14 : height / 2 + 15;
    const rows = slim && index !== home ? [] : Array.from({ length: MOST_ROWS }, (_, row) => ({
      x: rowX,
      y: y + middle - (MOST_ROWS * rowHeight + (MOST_ROWS - 1) * rowGap) / 2 + row * (rowHeight + rowGap),
      width: width - rowX - 14,
      height: rowHeight,
    }));
    bands.push({ x: 0, y, width, height, bar: { x: barX, y: y + middle }, rows, slim: slim && index !== home });
    y += height + gap;
  }
  const own = bands[home] ?? bands[0];
  const gatewayWidth = Math.min(GATEWAY_WIDTH, Math.round(width * 0.27));
  const gatewayHeight = compact ? 48 : GATEWAY_HEIGHT;
  const gateway = {
    x: Math.round(width * 0.142), y: (own?.bar.y ?? 0) - gatewayHeight / 2,
    width: gatewayWidth, height: gatewayHeight,
  };
  return { width, height: y - gap, bands, gateway, slim, vertical: false };
}

/** Regions as columns beside each other, for a phone. */
export function columnLayout({ width, regions, home }: Wanted): Layout {
  const gap = 12;
  const height = 236;
  const columnWidth = (width - gap * (regions - 1)) / regions;
  const bands = Array.from({ length: regions }, (_, index) => {
    const x = index * (columnWidth + gap);
    const rowWidth = (columnWidth - 20 - 10) / MOST_ROWS;
    const rows = Array.from({ length: MOST_ROWS }, (_, row) => ({ x: x + 10 + row * (rowWidth + 5), y: 164, width: rowWidth, height: 62 }));
    return { x, y: 0, width: columnWidth, height, bar: { x: x + columnWidth / 2, y: 130 }, rows, slim: false };
  });
  const own = bands[home];
  const gatewayWidth = Math.min(122, columnWidth - 24);
  const gateway = { x: (own?.bar.x ?? 0) - gatewayWidth / 2, y: 42, width: gatewayWidth, height: 46 };
  return { width, height, bands, gateway, slim: false, vertical: true };
}

/** From the gateway's right side to its region's bar. `offset` is to the right of the way. */
export function localPath({ gateway, vertical }: Layout, band: Band, offset = 0): string {
  if (vertical) {
    const x = gateway.x + gateway.width / 2 - offset;
    return `M${x} ${gateway.y + gateway.height}V${band.bar.y - 3}`;
  }
  const y = band.bar.y + offset;
  return `M${gateway.x + gateway.width} ${y}H${band.bar.x}`;
}

/** Leaves the gateway downwards (or sideways on a phone), turns once, ends in the region's bar. */
export function crossPath({ gateway, vertical }: Layout, band: Band, exit: number, offset = 0): string {
  if (vertical) {
    const y = gateway.y + exit + offset;
    const forward = band.bar.x > gateway.x;
    const startX = forward ? gateway.x + gateway.width : gateway.x;
    const endX = band.bar.x - (forward ? offset : -offset);
    const radius = RADIUS - offset;
    const turn = forward ? endX - radius : endX + radius;
    return `M${startX} ${y}H${turn}A${radius} ${radius} 0 0 ${forward ? 1 : 0} ${endX} ${y + radius}V${band.bar.y - 3}`;
  }
  const down = band.bar.y > gateway.y;
  const x = gateway.x + exit + offset;
  const radius = Math.max(RADIUS - (band.slim ? 14 : 0) - offset, 2);
  const startY = down ? gateway.y + gateway.height : gateway.y;
  const endY = band.bar.y - (down ? offset : -offset);
  const turn = down ? endY - radius : endY + radius;
  return `M${x} ${startY}V${turn}A${radius} ${radius} 0 0 ${down ? 0 : 1} ${x + radius} ${endY}H${band.bar.x}`;
}

/** From a place on the region's bar to an endpoint's row. */
export function fanPath(layout: Layout, band: Band, place: number, row: Box): string {
  if (layout.vertical) {
    const x = band.bar.x + place;
    const endX = row.x + row.width / 2;
    const middle = (band.bar.y + row.y) / 2;
    return `M${x} ${band.bar.y + 3}C${x} ${middle} ${endX} ${middle} ${endX} ${row.y}`;
  }
  const y = band.bar.y + place;
  const endY = row.y + row.height / 2;
  const middle = (band.bar.x + row.x) / 2;
  return `M${band.bar.x + 3} ${y}C${middle} ${y} ${middle} ${endY} ${row.x} ${endY}`;
}

/** Dashed lines in a flow of a width: their distances from its middle. */
export function dashOffsets(width: number): number[] {
  const lines = Math.max(1, Math.floor(width / 13));
  return Array.from({ length: lines }, (_, line) => ((line + 0.5) / lines - 0.5) * width);
}

/** How fast dashes move, in pixels a second: 40 at 100 requests a second, on a logarithmic scale. */
export function dashSpeed(perSecond: number): number {
  return perSecond <= 0 ? 0 : Math.min(160, Math.max(8, 20 * Math.log10(perSecond)));
}
