import { EmptyState } from '../parts/empty-state.tsx';
import { Page } from '../parts/page.tsx';

/** x */
export function Overview() {
  return (
    <Page title="Overview">
      <EmptyState title="Nothing here yet">Nothing.</EmptyState>
    </Page>
  );
}
