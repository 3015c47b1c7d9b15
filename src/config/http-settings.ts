import { limitSettings } from './limit-settings.ts';
import { numberSetting, sizeSetting, textSetting } from './setting.ts';
import { streamSettings } from './stream-settings.ts';

const mebibyte = 1024 * 1024;

/** Settings of the HTTP interface. */
export const httpSettings = {
  host: textSetting({
    env: 'SQUADRA_HOST',
    default: '127.0.0.1',
    unit: 'address',
    doc: 'Where the server listens. Anything but this machine itself (127.0.0.1, ::1, localhost) needs keys or an OIDC issuer.',
  }),
  port: numberSetting({
    env: 'SQUADRA_PORT',
    default: 8080,
    min: 0,
    max: 65_535,
    unit: 'port',
    doc: 'The port of the server; 0 takes any that is free.',
  }),
  maxBodyBytes: sizeSetting({
    env: 'SQUADRA_MAX_BODY_BYTES',
    default: mebibyte,
    min: 1024,
    max: 256 * mebibyte,
    doc: 'The largest body of a request. Larger ones are refused with 413 before they are read.',
  }),
  ...limitSettings,
  ...streamSettings,
};
