/** A stream of requests: as wide as its share, its dashes as fast as its rate, hatched where it fails. */
import { dashOffsets, dashSpeed, FULL } from "./geometry";

interface Props { path: (offset: number) => string; share: number; perSecond: number; ink: string; fill: string; errorRate: number }

export function Flow({ path, share, perSecond, ink, fill, errorRate }: Props) {
  if (share < 0.05) return <path class="flow-none" d={path(0)} />;
  const width = Math.max((share / 100) * FULL, 2.5);
  const failing = errorRate >= 20;
  const speed = dashSpeed(perSecond);
  return (
    <g>
      <path d={path(0)} fill="none" stroke={fill} stroke-opacity="var(--flow)" stroke-width={width} />
      {failing && <path d={path(0)} fill="none" stroke="url(#stripes-err)" stroke-width={width} />}
      {!failing && dashOffsets(width).map((offset, line) => (
        <path key={line} class="dash" d={path(offset)} stroke={ink} style={{ animationDuration: `${16 / speed}s`, animationDelay: `${-0.37 * line}s` }} />
      ))}
    </g>
  );
}
