import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { ApprovalDocument, BudgetDocument, ExecutionSummary } from '../../../src/client.ts';
import { count, moment, share } from '../data/formats.ts';
import { useMay } from '../data/may.ts';
import { squadra } from '../data/squadra.ts';
import { requestText } from '../executions/request-text.ts';
import { ApprovalAnswer } from '../parts/approval-answer.tsx';
import { Reading } from '../parts/reading.tsx';
import { fullBudgets, isInDoubt, usedShare } from './needs.ts';

/** As many as one looks at on one page; the lists have the rest. */
const [mostApprovals, mostFailed, mostBudgets] = [20, 5, 200];

/** What waits until a person does something: questions, budgets that are used up, executions that failed. */
export function NeedsPerson({ failed, tell }: { readonly failed: number; readonly tell: (outcome: string) => void }) {
  const approvals = useQuery({
    queryKey: ['approvals', 'pending', mostApprovals],
    queryFn: () => squadra.approvals.list({ status: 'pending', limit: mostApprovals }),
  });
  const budgets = useQuery({
    queryKey: ['budgets', 'all', mostBudgets],
    queryFn: () => squadra.budgets.list({ limit: mostBudgets }),
  });
  const failures = useQuery({
    queryKey: ['executions', 'failed', mostFailed],
    queryFn: () => squadra.executions.list({ status: 'failed', limit: mostFailed }),
  });
  return (
    <section className="panel needs" aria-labelledby="needs">
      <h2 id="needs">What needs a person</h2>
      <Reading of={approvals} what="questions">
        {({ items, nextCursor }) => <Questions approvals={items} isMore={nextCursor !== null} tell={tell} />}
      </Reading>
      <Reading of={budgets} what="budgets" lines={1}>
        {({ items }) => <Budgets budgets={fullBudgets(items)} />}
      </Reading>
      <Reading of={failures} what="failed executions" lines={1}>
        {({ items }) => <Failures executions={items} total={failed} />}
      </Reading>
      {approvals.data?.items.length === 0 && failed === 0 && fullBudgets(budgets.data?.items ?? []).length === 0 && (
        <p className="muted">Nothing: no question is open, no budget is used up, nothing failed.</p>
      )}
    </section>
  );
}

function Questions(props: {
  readonly approvals: readonly ApprovalDocument[];
  readonly isMore: boolean;
  readonly tell: (outcome: string) => void;
}) {
  const mayAnswer = useMay('write');
  const { approvals, isMore, tell } = props;
  if (approvals.length === 0) return null;
  return (
    <Group title={`${count(approvals.length)}${isMore ? ' or more' : ''} to answer`}>
      {approvals.map((approval) => (
        <li key={approval.id} className="need" data-tone="attention">
          <h4 dir="auto">
            {isInDoubt(approval.stepKey) && <span className="status">in doubt</span>} {approval.title}
          </h4>
          <p className="muted">
            Asked {moment(approval.createdAt)} by{' '}
            <Link href={`/executions/${approval.executionId}`}>its execution</Link>
          </p>
          <ApprovalAnswer approval={approval} mayAnswer={mayAnswer} tell={tell} />
        </li>
      ))}
    </Group>
  );
}

const periods = { day: 'a day', month: 'a month', total: 'in total' } as const;

function Budgets({ budgets }: { readonly budgets: readonly BudgetDocument[] }) {
  if (budgets.length === 0) return null;
  return (
    <Group title="Budgets">
      {budgets.map((budget) => (
        <li
          key={`${budget.scope} ${budget.id} ${budget.period}`}
          className="need"
          data-tone={usedShare(budget) >= 1 ? 'bad' : 'attention'}
        >
          <Link href="/costs">
            The budget of {budget.scope} <span dir="auto">{budget.id}</span>, {periods[budget.period]}
          </Link>
          <span>
            {usedShare(budget) >= 1 ? 'is used up' : `is used to ${share(usedShare(budget))}`}
            {budget.onExceeded === 'ask' ? '; at the ceiling a person is asked' : '; at the ceiling steps fail'}
          </span>
        </li>
      ))}
    </Group>
  );
}

function Failures({ executions, total }: { readonly executions: readonly ExecutionSummary[]; readonly total: number }) {
  if (executions.length === 0) return null;
  return (
    <Group title={`${count(Math.max(total, executions.length))} failed`}>
      {executions.map(({ id, input, error, endedAt }) => (
        <li key={id} className="need" data-tone="bad">
          <Link href={`/executions/${id}`} className="need-request" dir="auto">
            {requestText(input)}
          </Link>
          <span className="need-reason" dir="auto">
            {error?.message ?? 'It failed without a message.'}
          </span>
          {endedAt !== null && <span className="muted">{moment(endedAt)}</span>}
        </li>
      ))}
      {total > executions.length && (
        <li>
          <Link href="/executions?status=failed">All {count(total)} that failed</Link>
        </li>
      )}
    </Group>
  );
}

function Group({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div className="need-group">
      <h3>{title}</h3>
      <ul>{children}</ul>
    </div>
  );
}
