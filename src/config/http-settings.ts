import { limitSettings } from './limit-settings.ts';
import { durationSetting, numberSetting, sizeSetting, textSetting } from './setting.ts';
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
  requestTimeoutMs: durationSetting({
    env: 'SQUADRA_REQUEST_TIMEOUT',
    default: '30s',
    min: '1s',
    max: '10m',
    doc: 'How long a client may take to send a whole request, headers and body. Who drips it is told 408 and cut off.',
  }),
  ...limitSettings,
  ...streamSettings,
};
