import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import type { SquadDocument } from '../../../src/client.ts';
import { count, moment } from '../data/formats.ts';
import { useMay } from '../data/may.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { OutcomeNotice, tellingOutcome, useOutcome } from '../parts/outcome.tsx';
import { Page } from '../parts/page.tsx';
import { Reading } from '../parts/reading.tsx';
import { useSquads } from './all-squads.ts';
import { NewSquadDialog } from './new-squad-dialog.tsx';
import './squads.css';

/** All squads, and a way to make one. */
export function Squads() {
  const [isNew, setIsNew] = useState(false);
  const [, navigate] = useLocation();
  const squads = useSquads();
  const outcome = useOutcome();
  const may = useMay('write');
  const make = (
    <button type="button" className="button" data-kind="main" onClick={() => setIsNew(true)}>
      Make a squad
    </button>
  );
  return (
    <Page title="Squads" actions={may ? make : undefined}>
      <OutcomeNotice of={outcome} />
      <Reading of={squads} what="squads" lines={5}>
        {(found) =>
          found.length === 0 ? (
            <EmptyState title="No squads yet" action={may ? make : undefined}>
              A squad is a team of agents that works on requests together. Make one from a template, or choose its
              members.
            </EmptyState>
          ) : (
            <ul className="squads">
              {found.map((squad) => (
                <SquadCard key={squad.id} squad={squad} />
              ))}
            </ul>
          )
        }
      </Reading>
      {isNew && (
        <NewSquadDialog
          onClose={() => setIsNew(false)}
          onMade={({ id, name }) => navigate(`/squads/${id}`, tellingOutcome(`The squad ${name} is made.`))}
        />
      )}
    </Page>
  );
}

function SquadCard({ squad: { id, name, description, members, updatedAt } }: { readonly squad: SquadDocument }) {
  return (
    <li className="panel squad-card">
      <h2>
        <Link href={`/squads/${id}`} dir="auto">
          {name}
        </Link>
      </h2>
      {description !== null && (
        <p className="squad-description" dir="auto">
          {description}
        </p>
      )}
      <p className="muted squad-members" dir="auto">
        {count(members.length)} {members.length === 1 ? 'member' : 'members'}:{' '}
        {members.map((each) => each.name).join(', ')}
      </p>
      <p className="muted squad-changed">Changed {moment(updatedAt)}</p>
    </li>
  );
}
