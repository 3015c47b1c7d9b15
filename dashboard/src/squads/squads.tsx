import { EmptyState } from '../parts/empty-state.tsx';
import { Page } from '../parts/page.tsx';

/** x */
export function Squads() {
  return (
    <Page title="Squads">
      <EmptyState title="Nothing here yet">Nothing.</EmptyState>
    </Page>
  );
}
