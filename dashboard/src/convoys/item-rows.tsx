import { useId } from 'react';
import { useRoles, useSquads, useTemplates } from '../squads/all-squads.ts';
import { emptyItem, isTyped } from './convoy-draft.ts';
import type { DraftItem, Fault } from './convoy-draft.ts';

const defaultSquad = 'software';

/** The items of a convoy to be filled in, one below the other. */
export function ItemRows(props: {
  readonly rows: readonly DraftItem[];
  readonly squad: string;
  readonly faults: readonly Fault[];
  readonly onChange: (rows: readonly DraftItem[]) => void;
}) {
  const { rows, faults, onChange } = props;
  const roles = useRolesOf(props.squad === '' ? defaultSquad : props.squad);
  const typed = rows.filter(isTyped);
  const faulty = new Set(faults.flatMap(({ place }) => (place === null ? [] : (typed[place] ?? []))));
  const change = (at: number, part: Partial<DraftItem>) =>
    onChange(rows.map((row, place) => (place === at ? { ...row, ...part } : row)));
  return (
    <div className="item-rows">
      {rows.map((row, at) => (
        <ItemRow
          // Rows are told apart by where they stand: their texts change with every key that is pressed.
          key={at}
          row={row}
          number={at + 1}
          roles={roles}
          isFaulty={faulty.has(row)}
          change={(part) => change(at, part)}
          remove={() => onChange(rows.filter((_, place) => place !== at))}
        />
      ))}
      <button type="button" className="button" onClick={() => onChange([...rows, emptyItem])}>
        Add an item
      </button>
    </div>
  );
}

interface RowProps {
  readonly row: DraftItem;
  readonly number: number;
  readonly roles: readonly string[];
  readonly isFaulty: boolean;
  readonly change: (part: Partial<DraftItem>) => void;
  readonly remove: () => void;
}

function ItemRow({ row, number, roles, isFaulty, change, remove }: RowProps) {
  const list = useId();
  return (
    <fieldset className="item-row" data-faulty={isFaulty}>
      <legend>Item {number}</legend>
      <label>
        Key
        <input dir="auto" value={row.key} maxLength={200} onChange={(event) => change({ key: event.target.value })} />
      </label>
      <label>
        Role
        <input list={list} value={row.role} onChange={(event) => change({ role: event.target.value })} />
        <datalist id={list}>
          {roles.map((role) => (
            <option key={role}>{role}</option>
          ))}
        </datalist>
      </label>
      <label>
        After
        <input
          dir="auto"
          placeholder="keys, with commas"
          value={row.dependsOn}
          onChange={(event) => change({ dependsOn: event.target.value })}
        />
      </label>
      <label>
        Priority
        <input
          type="number"
          min={-100}
          max={100}
          placeholder="0"
          value={row.priority}
          onChange={(event) => change({ priority: event.target.value })}
        />
      </label>
      <label className="item-message">
        Message
        <textarea
          dir="auto"
          rows={2}
          value={row.message}
          onChange={(event) => change({ message: event.target.value })}
        />
      </label>
      <button type="button" className="button" data-kind="quiet" onClick={remove}>
        Remove<span className="unseen"> item {number}</span>
      </button>
    </fieldset>
  );
}

/** The roles that the members of a squad have; all there are where the squad is not known yet. */
function useRolesOf(name: string): readonly string[] {
  const { data: squads = [] } = useSquads();
  const { data: templates = [] } = useTemplates();
  const { data: roles = [] } = useRoles();
  const members = (squads.find((squad) => squad.name === name) ?? templates.find((each) => each.name === name))
    ?.members;
  return [...new Set(members?.map(({ role }) => role) ?? roles.map((role) => role.name))];
}
