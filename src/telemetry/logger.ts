import { pino } from 'pino';
import type { DestinationStream } from 'pino';

/** The levels a log can be kept at; `silent` writes nothing. */
export type LogLevel = 'silent' | 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/** Where the product says what a person should know. Fields come first, as pino has it. */
export interface Logger {
  error(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  info(fields: object, message: string): void;
  debug(fields: object, message: string): void;
}

/** Fields that hold what lets somebody in, or what users and models said: never written, however they got there. */
const secretFields = [
  'authorization',
  'cookie',
  'key',
  'token',
  'secret',
  'password',
  'apiKey',
  'bootstrapKey',
  'openaiApiKey',
  'anthropicApiKey',
  'groqApiKey',
  'prompt',
  'input',
  'messages',
  'body',
];

/** JSON lines on standard error, so that standard output stays the program's. */
export function createLogger(
  level: LogLevel,
  destination: DestinationStream = pino.destination({ fd: 2, sync: true }),
): Logger {
  const paths = secretFields.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  const redact = { paths, censor: '[hidden]' };
  return pino({ level, base: null, errorKey: 'error', redact }, destination);
}
