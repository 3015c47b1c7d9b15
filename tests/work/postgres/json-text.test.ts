import { expect, it } from 'vitest';
import { Database } from '../../../src/work/postgres/database.ts';
import { jsonText } from '../../../src/work/postgres/queries/json-text.ts';
import { ownDatabase } from '../../support/postgres-database.ts';
import { testSettings } from './open-state.ts';

it.each([
  ['plain', 'plain'],
  ['a\u0000b', 'ab'],
  ['half \ud83d of one', 'half  of one'],
  ['\udc00 the other half', ' the other half'],
  ['whole 😀', 'whole 😀'],
  ['a backslash before: \\u0000', 'a backslash before: \\u0000'],
  ['\\\u0000', '\\'],
])('reads %j out of JSON, without what PostgreSQL refuses', async (text, expected) => {
  await using own = await ownDatabase();
  await using database = new Database({ ...testSettings, databaseUrl: own.url });
  const row = await database.first(`SELECT ${jsonText('$1::text', 'message')}`, JSON.stringify({ message: text }));
  expect(row?.[0]).toBe(expected);
});
