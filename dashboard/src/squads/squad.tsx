import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import type { SquadDocument } from '../../../src/client.ts';
import { BudgetsOf } from '../costs/budgets-of.tsx';
import { moment } from '../data/formats.ts';
import { useMay } from '../data/may.ts';
import { squadra } from '../data/squadra.ts';
import { AskingButton } from '../parts/asking-button.tsx';
import { OutcomeNotice, tellingOutcome, useOutcome } from '../parts/outcome.tsx';
import { Page } from '../parts/page.tsx';
import { Reading } from '../parts/reading.tsx';
import { AboutDialog } from './about-dialog.tsx';
import { Members } from './members.tsx';
import { RequestDialog } from './request-dialog.tsx';
import { Schedules } from './schedules.tsx';
import './squads.css';

/** One squad: what it is, who is in it, what it may spend, what it does by the clock; and a way to try it. */
export function Squad({ id }: { readonly id: string }) {
  // The pulse may tell of its end before the answer does: what is going is not asked for once more.
  const [isGoing, setGoing] = useState(false);
  const squad = useQuery({
    queryKey: ['squads', 'one', id],
    queryFn: () => squadra.squads.get(id),
    enabled: !isGoing,
  });
  if (squad.data !== undefined) return <SquadPage squad={squad.data} going={setGoing} />;
  return (
    <Page title="Squad">
      <Reading of={squad} what="the squad" lines={8}>
        {() => null}
      </Reading>
      <p>
        <Link href="/squads">All squads</Link>
      </p>
    </Page>
  );
}

type Going = (isGoing: boolean) => void;

function SquadPage({ squad, going }: { readonly squad: SquadDocument; readonly going: Going }) {
  const [dialog, setDialog] = useState<'request' | 'about' | null>(null);
  const outcome = useOutcome();
  const may = useMay('write');
  const close = () => setDialog(null);
  const { id, name, description, createdAt, updatedAt } = squad;
  return (
    <Page
      title={name}
      actions={may ? <Actions squad={squad} going={going} ask={() => setDialog('request')} /> : undefined}
    >
      <OutcomeNotice of={outcome} />
      <section className="panel" aria-labelledby="about">
        <div className="panel-head">
          <h2 id="about">About</h2>
          {may && (
            <button type="button" className="button" onClick={() => setDialog('about')}>
              Edit
            </button>
          )}
        </div>
        <p dir="auto" className={description === null ? 'muted' : 'squad-about'}>
          {description ?? 'Nobody has said what this squad is for.'}
        </p>
        <p className="muted">
          Made {moment(createdAt)}, changed {moment(updatedAt)}. See its{' '}
          <Link href={`/executions?squad=${id}`}>executions</Link>, its{' '}
          <Link href={`/convoys?squad=${id}`}>convoys</Link> and what it <Link href="/costs?by=squad">costs</Link>.
        </p>
      </section>
      <Members squad={squad} tell={outcome.tell} />
      <div className="panels">
        <BudgetsOf scope="squad" id={id} tell={outcome.tell} />
        <Schedules squadId={id} tell={outcome.tell} />
      </div>
      {dialog === 'request' && <RequestDialog squad={squad} onClose={close} />}
      {dialog === 'about' && <AboutDialog squad={squad} tell={outcome.tell} onClose={close} />}
    </Page>
  );
}

function Actions({
  squad,
  going,
  ask,
}: {
  readonly squad: SquadDocument;
  readonly going: Going;
  readonly ask: () => void;
}) {
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const remove = async () => {
    going(true);
    try {
      await squadra.squads.remove(squad.id);
    } catch (error) {
      going(false);
      throw error;
    }
    // First away from here, so that nothing asks for it once more.
    navigate('/squads', tellingOutcome(`The squad ${squad.name} is deleted.`));
    queries.removeQueries({ queryKey: ['squads', 'one', squad.id] });
    await queries.invalidateQueries({ queryKey: ['squads', 'all'] });
  };
  return (
    <>
      <AskingButton action="Delete the squad" question={`Delete ${squad.name}?`} act={remove}>
        <p>
          Its members, their instructions and settings are gone with it. Executions that have ended stay. While
          executions of it are open, or a schedule names it, it cannot be deleted.
        </p>
      </AskingButton>
      <button type="button" className="button" data-kind="main" onClick={ask}>
        Try a request
      </button>
    </>
  );
}
