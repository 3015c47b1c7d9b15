import { useQuery } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { useState } from 'react';
import { useLocation, useSearchParams } from 'wouter';
import type { ExecutionQuery } from '../../../src/client.ts';
import { squadra } from '../data/squadra.ts';
import { useSquadNames } from '../squads/all-squads.ts';

const statuses = ['created', 'queued', 'running', 'waiting', 'completed', 'failed', 'cancelled'] as const;

/** What the list is narrowed to, as the address says it; what the API would not take is left out. */
export function queryOf(asked: URLSearchParams): ExecutionQuery {
  const status = statuses.find((one) => one === asked.get('status'));
  const [squad, workflow, after] = ['squad', 'workflow', 'after'].map((name) => asked.get(name) ?? '');
  const createdAfter = after === undefined || after === '' ? Number.NaN : Date.parse(after);
  return {
    ...(status === undefined ? {} : { status }),
    ...(squad === undefined || squad === '' ? {} : { squad }),
    ...(workflow === undefined || workflow === '' ? {} : { workflow }),
    ...(Number.isNaN(createdAfter) ? {} : { createdAfter: new Date(createdAfter).toISOString() }),
  };
}

/** The fields of the filter, which stand in the address: it can be kept and passed on. */
export function Filters() {
  const [asked, ask] = useSearchParams();
  const squads = useSquadNames();
  const { data: workflows = [] } = useQuery({ queryKey: ['squads', 'workflows'], queryFn: () => squadra.workflows() });
  const choose = (name: string, value: string) =>
    ask(
      (before) => {
        if (value === '') before.delete(name);
        else before.set(name, value);
        return before;
      },
      { replace: true },
    );
  const valueOf = (name: string): string => asked.get(name) ?? '';
  return (
    <search className="filters execution-filters">
      <Choice
        name="Status"
        value={valueOf('status')}
        options={statuses}
        onChoose={(value) => choose('status', value)}
      />
      <Choice name="Squad" value={valueOf('squad')} options={squads} onChoose={(value) => choose('squad', value)} />
      <Choice
        name="Workflow"
        value={valueOf('workflow')}
        options={workflows.map(({ name }) => name)}
        onChoose={(value) => choose('workflow', value)}
      />
      <label>
        Created after
        <input
          type="datetime-local"
          value={valueOf('after')}
          onChange={(event) => choose('after', event.target.value)}
        />
      </label>
      <ById />
    </search>
  );
}

function Choice(props: {
  readonly name: string;
  readonly value: string;
  readonly options: readonly string[];
  readonly onChoose: (value: string) => void;
}) {
  const { name, value, options, onChoose } = props;
  return (
    <label>
      {name}
      <select value={value} onChange={(event) => onChoose(event.target.value)}>
        <option value="">All</option>
        {[...new Set(value === '' ? options : [value, ...options])].map((option) => (
          <option key={option}>{option}</option>
        ))}
      </select>
    </label>
  );
}

const idShape = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;

/** Opens the execution with an id, wherever it was copied from. */
function ById() {
  const [, navigate] = useLocation();
  const [text, setText] = useState('');
  const id = idShape.exec(text.toLowerCase())?.[0];
  const isWrong = text.trim() !== '' && id === undefined;
  const open = (event: FormEvent) => {
    event.preventDefault();
    if (id !== undefined) navigate(`/executions/${id}`);
  };
  return (
    <form className="by-id" onSubmit={open}>
      <label>
        Open by id
        <input
          value={text}
          placeholder="01a2…"
          aria-invalid={isWrong}
          spellCheck={false}
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      <button type="submit" className="button" disabled={id === undefined}>
        Open
      </button>
    </form>
  );
}
