import { SquadraError } from '../../kernel/errors.ts';
import type { AccessUseCases } from '../../orchestrator/access.ts';
import { isLoopbackName } from './loopback.ts';

/** Throws `INVALID_SETTING`, saying what to do, when others could reach the server and nobody has to sign in. */
export function assertMayListen(host: string, { isOpen }: Pick<AccessUseCases, 'isOpen'>): void {
  if (!isOpen || isLoopbackName(host)) return;
  throw new SquadraError(
    'INVALID_SETTING',
    [
      `Squadra does not listen on ${host} while everybody may do everything: no key was ever made, and no issuer is configured. Do one of these first:`,
      '  - squadra keys create --name <what for> --scopes read,write,admin',
      '  - set SQUADRA_BOOTSTRAP_KEY_FILE (or SQUADRA_BOOTSTRAP_KEY), for containers',
      '  - set SQUADRA_OIDC_ISSUER, for users who sign in elsewhere',
      'Or listen on 127.0.0.1, where only this machine gets in.',
    ].join('\n'),
    { details: { host } },
  );
}
