import { lazy, Suspense } from 'react';
import { Route, Switch } from 'wouter';
import { useIdentity } from './data/identity.ts';
import { EmptyState } from './parts/empty-state.tsx';
import { Loading } from './parts/loading.tsx';
import { ProblemNotice } from './parts/problem-notice.tsx';
import { Shell } from './shell.tsx';
import { SignIn } from './sign-in/sign-in.tsx';

const Overview = lazy(async () => ({ default: (await import('./overview/overview.tsx')).Overview }));
const Executions = lazy(async () => ({ default: (await import('./executions/executions.tsx')).Executions }));
const Execution = lazy(async () => ({ default: (await import('./execution/execution.tsx')).Execution }));
const Convoys = lazy(async () => ({ default: (await import('./convoys/convoys.tsx')).Convoys }));
const Convoy = lazy(async () => ({ default: (await import('./convoys/convoy.tsx')).Convoy }));
const Squads = lazy(async () => ({ default: (await import('./squads/squads.tsx')).Squads }));
const Squad = lazy(async () => ({ default: (await import('./squads/squad.tsx')).Squad }));
const Costs = lazy(async () => ({ default: (await import('./costs/costs.tsx')).Costs }));
const System = lazy(async () => ({ default: (await import('./system/system.tsx')).System }));

/** The dashboard: signing in where the server asks for a key, else the shell around the page that the address names. */
export function App() {
  const identity = useIdentity();
  if (identity.state === 'asking') return <Loading what="who you are" />;
  if (identity.state === 'unknown') return <SignIn />;
  if (identity.state === 'failed') return <ProblemNotice error={identity.error} onRetry={identity.retry} />;
  return (
    <Shell me={identity.me}>
      <Suspense fallback={<Loading what="the page" />}>
        <Switch>
          <Route path="/" component={Overview} />
          <Route path="/executions" component={Executions} />
          <Route path="/executions/:id">{({ id }) => <Execution key={id} id={id} />}</Route>
          <Route path="/convoys" component={Convoys} />
          <Route path="/convoys/:id">{({ id }) => <Convoy key={id} id={id} />}</Route>
          <Route path="/squads" component={Squads} />
          <Route path="/squads/:id">{({ id }) => <Squad key={id} id={id} />}</Route>
          <Route path="/costs" component={Costs} />
          <Route path="/system" component={System} />
          <Route>
            <EmptyState title="There is no such page">Choose one from the menu.</EmptyState>
          </Route>
        </Switch>
      </Suspense>
    </Shell>
  );
}
