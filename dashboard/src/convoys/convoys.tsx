import { EmptyState } from '../parts/empty-state.tsx';
import { Page } from '../parts/page.tsx';

/** x */
export function Convoys() {
  return (
    <Page title="Convoys">
      <EmptyState title="Nothing here yet">Nothing.</EmptyState>
    </Page>
  );
}
