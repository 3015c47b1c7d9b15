import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { CostDocument } from '../../../src/client.ts';
import { count, money, share, shortCount } from '../data/formats.ts';
import { groupings } from './cost-groupings.ts';
import type { Grouping } from './cost-groupings.ts';

type Line = CostDocument['items'][number];

/** The parts of what was spent, each with its share. On a narrow page each part is a small card. */
export function CostTable(props: {
  readonly by: Grouping;
  readonly items: readonly Line[];
  readonly total: CostDocument['total'];
}) {
  const { by, items, total } = props;
  return (
    <table className="cost-table">
      <thead>
        <tr>
          <th scope="col">{groupings[by]}</th>
          <th scope="col" className="number">
            Spent
          </th>
          <th scope="col">Share</th>
          <th scope="col" className="number">
            Calls
          </th>
          <th scope="col" className="number">
            Tokens in / out
          </th>
          {by !== 'execution' && (
            <th scope="col" className="number">
              Executions
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {items.map((line) => (
          <Row key={line.key ?? ''} by={by} line={line} total={total.costMicroUsd} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ by, line, total }: { readonly by: Grouping; readonly line: Line; readonly total: number }) {
  const { costMicroUsd, modelCalls, unpricedCalls, inputTokens, outputTokens, executions } = line;
  const part = total === 0 ? 0 : costMicroUsd / total;
  return (
    <tr>
      <th scope="row" dir="auto">
        {nameOf(by, line)}
      </th>
      <td className="number" data-name="Spent">
        {money(costMicroUsd)}
      </td>
      <td data-name="Share">
        <span className="share">
          <span className="share-bar" aria-hidden="true">
            <span style={{ inlineSize: `${part * 100}%` }} />
          </span>
          {share(part)}
        </span>
      </td>
      <td className="number" data-name="Calls">
        <span>
          {count(modelCalls)}
          {unpricedCalls > 0 && <span className="unpriced"> ({count(unpricedCalls)} unpriced)</span>}
        </span>
      </td>
      <td className="number" data-name="Tokens">
        {shortCount(inputTokens)} / {shortCount(outputTokens)}
      </td>
      {by !== 'execution' && (
        <td className="number" data-name="Executions">
          {count(executions)}
        </td>
      )}
    </tr>
  );
}

function nameOf(by: Grouping, { key, name }: Line): ReactNode {
  if (key === null) return <i>{nobody[by]}</i>;
  if (by === 'squad') return <Link href={`/squads/${key}`}>{name ?? 'a squad that is gone'}</Link>;
  if (by === 'execution') return <Link href={`/executions/${key}`}>{name ?? key}</Link>;
  if (by === 'member') return name ?? 'a member who left';
  return key;
}

/** What is told of what belongs to none. */
const nobody: Readonly<Record<Grouping, string>> = {
  day: 'no day',
  squad: 'without a squad',
  model: 'a model that was not noted',
  member: 'without a member',
  execution: 'no execution',
};
