import type { BudgetDocument } from '../../../src/client.ts';
import { useIdentity } from '../data/identity.ts';
import { Loading } from '../parts/loading.tsx';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { useSquadName, useSquads } from '../squads/all-squads.ts';
import type { BudgetTarget } from './budget-dialog.tsx';
import { BudgetEntry, BudgetsHead, useBudgets } from './budgets-of.tsx';

/** The budgets of the tenant, its squads and its users, with what is used, reserved and left of each. */
export function AllBudgets({ tell }: { readonly tell: (outcome: string) => void }) {
  const scopes = [useBudgets('tenant'), useBudgets('squad'), useBudgets('user')];
  const squadName = useSquadName();
  const titleOf = ({ scope, id }: BudgetDocument) =>
    scope === 'tenant' ? 'Everything' : scope === 'squad' ? `Squad ${squadName(id) ?? 'that is gone'}` : `User ${id}`;
  const failed = scopes.find(({ error }) => error !== null);
  const budgets = scopes.flatMap(({ data = [] }) => data);
  return (
    <section className="panel" aria-labelledby="budgets">
      <BudgetsHead targets={useTargets()} tell={tell} />
      {failed !== undefined && <ProblemNotice error={failed.error} onRetry={() => void failed.refetch()} />}
      {scopes.some(({ isPending }) => isPending) && <Loading what="budgets" lines={2} />}
      {failed === undefined && budgets.length === 0 && (
        <p className="muted">
          None: nothing but the providers limits what is spent. A budget is a ceiling that no call goes over.
        </p>
      )}
      <ul className="budgets budget-grid">
        {budgets.map((budget) => (
          <BudgetEntry
            key={`${budget.scope}/${budget.id}/${budget.period}`}
            budget={budget}
            title={titleOf(budget)}
            tell={tell}
          />
        ))}
      </ul>
    </section>
  );
}

function useTargets(): readonly BudgetTarget[] {
  const identity = useIdentity();
  const { data: squads = [] } = useSquads();
  const tenant = identity.state === 'known' ? identity.me.tenant : '';
  return [
    { scope: 'tenant', id: tenant, name: 'Everything' },
    ...squads.map(({ id, name }): BudgetTarget => ({ scope: 'squad', id, name: `Squad ${name}` })),
    { scope: 'user', id: null, name: 'A user' },
  ];
}
