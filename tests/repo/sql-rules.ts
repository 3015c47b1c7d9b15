/**
 * What our SQL may not say, because a pooler gives every transaction another connection: nothing that lives in a connection longer
 * than a transaction does.
 */
import { textsOf, withoutComments } from './source-imports.ts';

interface Rule {
  readonly name: string;
  readonly found: RegExp;
}

/** The beginning of a statement: of the text, after another one, or after the bracket of a script. */
const start = String.raw`(?:^|;)\s*`;

/** Of the text of a statement without what it quotes. */
const rules: readonly Rule[] = [
  { name: 'SET', found: new RegExp(`${start}(?:RE)?SET\\s`, 'i') },
  { name: 'set_config for a session', found: /\bset_config\s*\((?![^)]*\btrue\s*\))/i },
  { name: 'LISTEN or NOTIFY', found: new RegExp(`${start}(?:UNLISTEN|LISTEN|NOTIFY)\\s|\\bpg_notify\\s*\\(`, 'i') },
  { name: 'a session lock', found: /\bpg_(?:try_)?advisory_(?:lock|unlock)\w*/i },
  {
    name: 'a prepared statement',
    found: new RegExp(
      `${start}(?:PREPARE|EXECUTE|DEALLOCATE)\\s|\\bEXECUTE\\s+(?!(?:FUNCTION|PROCEDURE)\\b)\\w+\\s*\\(`,
      'i',
    ),
  },
  { name: 'a cursor that outlives its transaction', found: /\bDECLARE\b[\s\S]*\bWITH\s+HOLD\b/i },
  { name: 'a temporary table', found: /\bTEMP(?:ORARY)?\s+(?:TABLE|VIEW|SEQUENCE)\b|\bINTO\s+TEMP(?:ORARY)?\b/i },
  { name: 'DISCARD', found: new RegExp(`${start}DISCARD\\s`, 'i') },
];

/** Of the code around it: a query of `pg` that is given a name is a prepared statement. */
const namedQuery = /\bquery(?:<[^()]*>)?\(\s*\{[^{}]*\bname\b\s*[:,}]/;

/** Every breach in one file, one line each. */
export function sqlBreaches(path: string, text: string): string[] {
  const named = namedQuery.test(withoutComments(text)) ? [`${path}: gives a query a name`] : [];
  const said = textsOf(text).flatMap((statement) => {
    const bare = unquoted(statement);
    return rules
      .filter(({ found }) => found.test(bare))
      .map(({ name }) => `${path}: says ${name}: ${statement.trim().replaceAll(/\s+/g, ' ').slice(0, 80)}`);
  });
  return [...named, ...said];
}

/** SQL without its own comments and the texts in it. */
function unquoted(sql: string): string {
  return sql.replaceAll(/--[^\n]*/g, ' ').replaceAll(/'(?:[^']|'')*'/g, "''");
}
