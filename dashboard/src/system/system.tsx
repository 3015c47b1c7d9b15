import { useMay } from '../data/may.ts';
import { OutcomeNotice, useOutcome } from '../parts/outcome.tsx';
import { Page } from '../parts/page.tsx';
import { AgentPool } from './agent-pool.tsx';
import { CacheTable } from './cache-table.tsx';
import { Resources } from './resources.tsx';
import { ServerFigures } from './server-figures.tsx';
import './system.css';

/** How the server stands: how busy it is and was, what waits, which agents are built, what is kept at hand. */
export function System() {
  const outcome = useOutcome();
  const may = useMay('admin');
  return (
    <Page title="System">
      <OutcomeNotice of={outcome} />
      {may ? (
        <ServerFigures />
      ) : (
        <p className="banner">
          What concerns all tenants of the server (its queue, limiters, cache and store) is shown to keys with the scope
          admin. What concerns yours is below.
        </p>
      )}
      <Resources />
      <AgentPool tell={outcome.tell} />
      {may && <CacheTable />}
    </Page>
  );
}
