import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { SquadraError } from '../kernel/errors.ts';
import type { Logger } from '../telemetry/logger.ts';
import { codeOfStatus, sendProblem } from './problem.ts';
import { bareHeaders } from './wire.ts';

/** Every failure leaves as a problem of the catalogue; what nobody foresaw is logged, and tells nothing of the inside. */
export function answerFailures(app: FastifyInstance, logger: Logger): void {
  app.setErrorHandler<FastifyError | SquadraError>((error, request, reply) => {
    const known = toSquadraError(error);
    if (known.code === 'INTERNAL')
      logger.error({ error, requestId: request.id, ...traceIds(request) }, 'A request failed unexpectedly.');
    return sendProblem(request, reply, known);
  });
  app.setNotFoundHandler((request, reply) =>
    sendProblem(request, reply, new SquadraError('NOT_FOUND', 'There is no such address.')),
  );
}

/**
 * Answers what the framework refuses before it knows the route, with what hooks would have added. An address that cannot be decoded
 * names nothing that exists.
 */
export function answerRefusal(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(bareHeaders).header('x-request-id', request.id);
  const isAddress = error.code === 'FST_ERR_BAD_URL';
  const refusal = isAddress ? new SquadraError('NOT_FOUND', 'There is no such address.') : toSquadraError(error);
  sendProblem(request, reply, refusal);
}

/** The trace that a request belongs to, where it does. */
function traceIds({ trace }: FastifyRequest): { readonly traceId?: string } {
  return trace === null ? {} : { traceId: trace.context.traceId };
}

function toSquadraError(error: FastifyError | SquadraError): SquadraError {
  if (error instanceof SquadraError) return error;
  if (hasZodFastifySchemaValidationErrors(error)) return fromValidation(error);
  const status = error.statusCode ?? 500;
  if (status >= 500)
    return new SquadraError('INTERNAL', 'The request failed for a reason of our own.', { cause: error });
  return new SquadraError(codeOfStatus(status), plain(error.message), { cause: error });
}

interface ValidationFailure extends Error {
  readonly validationContext?: string | undefined;
  readonly validation: readonly { readonly instancePath: string; readonly message?: string | undefined }[];
}

const places: Readonly<Record<string, string>> = {
  body: 'body',
  querystring: 'query',
  headers: 'headers',
};

/** An id that is none names nothing that exists. */
function fromValidation(error: ValidationFailure): SquadraError {
  const { validationContext: context = 'body', validation } = error;
  if (context === 'params') return new SquadraError('NOT_FOUND', 'There is no such address.');
  const problems = validation.map(({ instancePath, message }) => ({
    path: instancePath.replace(/^\//, '').replaceAll('/', '.'),
    message: message ?? 'is not valid',
  }));
  const list = problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  return new SquadraError('INVALID_INPUT', `The ${places[context] ?? context} is not valid: ${list.join('; ')}.`, {
    details: { problems },
  });
}

/** One sentence, as the rest of the product speaks. */
function plain(message: string): string {
  return message.endsWith('.') ? message : `${message}.`;
}
