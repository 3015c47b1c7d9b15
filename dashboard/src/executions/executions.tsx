import { EmptyState } from '../parts/empty-state.tsx';
import { Page } from '../parts/page.tsx';

/** x */
export function Executions() {
  return (
    <Page title="Executions">
      <EmptyState title="Nothing here yet">Nothing.</EmptyState>
    </Page>
  );
}
