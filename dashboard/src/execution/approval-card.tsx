import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import type { ApprovalDocument } from '../../../src/client.ts';
import { moment } from '../data/formats.ts';
import { useMay } from '../data/may.ts';
import { squadra } from '../data/squadra.ts';
import { ApprovalAnswer } from '../parts/approval-answer.tsx';

/** What the execution asks a person, with a way to answer each. */
export function ApprovalCards({ id, tell }: { readonly id: string; readonly tell: (outcome: string) => void }) {
  const { data } = useQuery({
    queryKey: ['approvals', 'of', id],
    queryFn: () => squadra.approvals.list({ executionId: id, status: 'pending' }),
  });
  return (data?.items ?? []).map((approval) => <ApprovalCard key={approval.id} approval={approval} tell={tell} />);
}

function ApprovalCard(props: { readonly approval: ApprovalDocument; readonly tell: (outcome: string) => void }) {
  const { approval, tell } = props;
  const mayAnswer = useMay('write');
  const heading = useId();
  return (
    <section className="panel asks" aria-labelledby={heading}>
      <header className="panel-head">
        <h2 id={heading} dir="auto">
          {approval.title}
        </h2>
        <span className="muted">asked {moment(approval.createdAt)}</span>
      </header>
      <ApprovalAnswer approval={approval} mayAnswer={mayAnswer} tell={tell} isWhole />
    </section>
  );
}
