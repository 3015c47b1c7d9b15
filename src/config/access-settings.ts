import { originListSetting } from './origin-setting.ts';
import { nameSetting, secretSetting, textSetting, urlSetting } from './setting.ts';

/** Who gets in: the first key, and the issuer whose tokens are taken. */
export const accessSettings = {
  bootstrapKey: secretSetting({
    env: 'SQUADRA_BOOTSTRAP_KEY',
    doc: 'A key of your own making (`openssl rand -hex 32`), of 16 to 512 printable characters: at the start it becomes an admin key of tenant `local`, unless it is one already or was revoked. For containers, where nobody can run `squadra keys create` first.',
  }),
  bootstrapKeyFile: nameSetting({
    env: 'SQUADRA_BOOTSTRAP_KEY_FILE',
    unit: 'path',
    doc: 'The file that holds such a key, as container platforms mount secrets. Give one of the two.',
  }),
  oidcIssuer: urlSetting({
    env: 'SQUADRA_OIDC_ISSUER',
    doc: 'The OpenID Connect issuer whose access tokens are taken, exactly as its tokens name it. Its keys are found through `{issuer}/.well-known/openid-configuration`. Without it only API keys are taken.',
  }),
  oidcAudience: nameSetting({
    env: 'SQUADRA_OIDC_AUDIENCE',
    unit: 'audience',
    doc: 'What a token has to name as its audience (`aud`). Set it whenever the issuer serves other applications too: without it, a token that was given to any of them opens the door here.',
  }),
  oidcTenantClaim: textSetting({
    env: 'SQUADRA_OIDC_TENANT_CLAIM',
    default: 'org_id',
    unit: 'claim',
    doc: "The claim of a token that names the user's organisation, which is the tenant. Use one that users cannot choose. A user without it has a tenant alone, `user:<sub>`.",
  }),
  corsOrigins: originListSetting({
    env: 'SQUADRA_CORS_ORIGINS',
    doc: 'Origins whose pages may ask from a browser, separated by commas: `https://app.example.com, http://localhost:5173`. Without it none but the server itself.',
  }),
};
