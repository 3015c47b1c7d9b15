import { useMemo, useState } from 'react';
import type { ConvoyDocument } from '../../../src/client.ts';
import { layoutGraph, nodeGap, nodeSize } from './graph-layout.ts';
import type { GraphEdge, GraphNode } from './graph-layout.ts';

type Item = ConvoyDocument['items'][number];

const zooms = [0.5, 0.75, 1, 1.5] as const;

/** The items as boxes in columns, with a line from what is needed to what needs it. The list beside it says the same in words. */
export function GraphDrawing(props: {
  readonly items: readonly Item[];
  readonly chosen: string | null;
  readonly choose: (key: string) => void;
}) {
  const { items, chosen, choose } = props;
  const [zoom, setZoom] = useState<number>(1);
  // States change all the time; what depends on what does not.
  const shape = JSON.stringify(items.map(({ key, dependsOn }) => ({ key, dependsOn })));
  const graph = useMemo(() => layoutGraph(JSON.parse(shape) as Item[]), [shape]);
  const statuses = new Map(items.map(({ key, status }) => [key, status]));
  const isBeside = ({ from, to }: GraphEdge) => from.key === chosen || to.key === chosen;
  return (
    <>
      <label className="zoom">
        Size
        <select value={zoom} onChange={(event) => setZoom(Number(event.target.value))}>
          {zooms.map((each) => (
            <option key={each} value={each}>
              {each * 100} %
            </option>
          ))}
        </select>
      </label>
      {/* Reached by the keyboard, whose arrows scroll it. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <section className="graph-frame" aria-label="The graph, told in words by the list of items" tabIndex={0}>
        <svg
          className="graph"
          width={graph.width * zoom}
          height={graph.height * zoom}
          viewBox={`0 0 ${graph.width} ${graph.height}`}
          aria-hidden="true"
        >
          {graph.edges.map((edge) => (
            <path
              key={`${edge.from.key}/${edge.to.key}`}
              className="edge"
              data-beside={isBeside(edge)}
              d={curveOf(edge)}
            />
          ))}
          {graph.nodes.map((node) => (
            <Box
              key={node.key}
              node={node}
              status={statuses.get(node.key) ?? 'pending'}
              isChosen={node.key === chosen}
              choose={choose}
            />
          ))}
        </svg>
      </section>
    </>
  );
}

interface BoxProps {
  readonly node: GraphNode;
  readonly status: string;
  readonly isChosen: boolean;
  readonly choose: (key: string) => void;
}

function Box({ node: { key, x, y }, status, isChosen, choose }: BoxProps) {
  return (
    <g
      className="node"
      data-item={status}
      data-chosen={isChosen}
      transform={`translate(${x} ${y})`}
      onClick={() => choose(key)}
    >
      <title>{`${key}: ${status.replaceAll('_', ' ')}`}</title>
      <rect width={nodeSize.width} height={nodeSize.height} rx={7} />
      <circle cx={14} cy={nodeSize.height / 2} r={4.5} />
      {/* A picture of its own cuts off what is wider than the box: letters differ. */}
      <svg x={26} width={nodeSize.width - 32} height={nodeSize.height}>
        <text y={nodeSize.height / 2} dominantBaseline="central">
          {shortened(key)}
        </text>
      </svg>
    </g>
  );
}

/** As many characters as a box has room for. */
const room = 17;

function shortened(key: string): string {
  const letters = Array.from(key);
  return letters.length <= room ? key : `${letters.slice(0, room - 1).join('')}…`;
}

function curveOf({ from, to }: GraphEdge): string {
  const [x1, y1] = [from.x + nodeSize.width, from.y + nodeSize.height / 2];
  const [x2, y2] = [to.x, to.y + nodeSize.height / 2];
  // It bends before its end, so that it passes the columns between straight.
  const bend = Math.min(nodeGap.x, x2 - x1);
  return `M${x1} ${y1}H${x2 - bend}C${x2 - bend / 2} ${y1} ${x2 - bend / 2} ${y2} ${x2} ${y2}`;
}
