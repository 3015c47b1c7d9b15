import { EmptyState } from '../parts/empty-state.tsx';
import { Page } from '../parts/page.tsx';

/** x */
export function Costs() {
  return (
    <Page title="Costs">
      <EmptyState title="Nothing here yet">Nothing.</EmptyState>
    </Page>
  );
}
