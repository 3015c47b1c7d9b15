import { expect, it } from 'vitest';
import { SquadraError } from '../../src/kernel/errors.ts';
import { createLogger } from '../../src/telemetry/logger.ts';

function logged(log: (logger: ReturnType<typeof createLogger>) => void): string {
  let text = '';
  log(createLogger('debug', { write: (line) => void (text += line) }));
  return text;
}

it('writes one JSON line for each message of its level', () => {
  const text = logged((logger) => {
    logger.info({ requestId: 'r1' }, 'It happened.');
    logger.debug({}, 'Then this.');
  });
  expect(
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object),
  ).toMatchObject([{ requestId: 'r1', msg: 'It happened.' }, { msg: 'Then this.' }]);
});

it('hides what lets somebody in and what users said, also within what is logged', () => {
  const secret = 'sqd_12345678_do-not-show';
  const error = new SquadraError('INTERNAL', 'Broken.', { details: { token: secret, input: secret, seq: 7 } });
  const text = logged((logger) => {
    logger.info({ authorization: secret, headers: { authorization: secret, cookie: secret }, key: secret }, 'One.');
    logger.error({ error, request: { headers: { authorization: secret }, body: secret } }, 'Two.');
    logger.warn({ settings: { bootstrapKey: secret, openaiApiKey: secret }, prompt: secret }, 'Three.');
  });
  expect(text).not.toContain(secret);
  expect(text).toContain('[hidden]');
  expect(text).toContain('"seq":7');
});
