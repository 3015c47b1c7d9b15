import { EmptyState } from '../parts/empty-state.tsx';
import { Page } from '../parts/page.tsx';

/** x */
export function System() {
  return (
    <Page title="System">
      <EmptyState title="Nothing here yet">Nothing.</EmptyState>
    </Page>
  );
}
