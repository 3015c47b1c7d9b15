import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { SquadraError } from '../../kernel/errors.ts';
import type { Changed } from '../../work/execution-store.ts';
import { accepted, executionAddress } from '../execution-links.ts';
import { route } from '../route.ts';
import type { Call } from '../route.ts';
import { acceptedSchema, forkBody } from '../schemas/execution.ts';
import { idParams, idSchema } from '../schemas/id.ts';
import { jsonSchema } from '../schemas/json.ts';

const tag = 'executions';
const cancelBody = z.strictObject({ reason: z.string().max(10_000).exactOptional() }).nullish();
/** A body may be left out, or be `{}`. */
const nothing = z.strictObject({}).nullish();
/** How long a name may be is checked where it is used: one that is too long is bad input, not an unknown address. */
const signalParams = z.strictObject({ id: idSchema, name: z.string() });

/** What people and other programs do to an execution from outside. */
export function executionCommandRoutes(app: FastifyInstance): void {
  starting(app);
  cancelling(app);
  retrying(app);
  signalling(app);
  forking(app);
}

function starting(app: FastifyInstance): void {
  route(app, {
    method: 'POST',
    url: '/executions/:id/start',
    operationId: 'startExecution',
    summary: 'Start an execution that was only created',
    description: '202 when it is started now, 200 when it was started before.',
    tag,
    scope: 'write',
    params: idParams,
    body: nothing,
    answers: { 200: acceptedSchema, 202: acceptedSchema },
    problems: [409],
    handle: async (call) => answer(call, await call.squadra.run(call.params.id).start()),
  });
}

function cancelling(app: FastifyInstance): void {
  route(app, {
    method: 'POST',
    url: '/executions/:id/cancel',
    operationId: 'cancelExecution',
    summary: 'Cancel an execution with everything it owns',
    description: '202 when it is cancelled now, 200 when it was cancelled before; 409 when it has ended otherwise.',
    tag,
    scope: 'write',
    params: idParams,
    body: cancelBody,
    answers: { 200: acceptedSchema, 202: acceptedSchema },
    problems: [409],
    handle: async (call) => answer(call, await call.squadra.run(call.params.id).cancel(call.body?.reason)),
  });
}

function retrying(app: FastifyInstance): void {
  route(app, {
    method: 'POST',
    url: '/executions/:id/retry',
    operationId: 'retryExecution',
    summary: 'Try an execution again that failed',
    description: 'What was committed stays and is not paid for again. 409 unless it has failed.',
    tag,
    scope: 'write',
    params: idParams,
    body: nothing,
    answers: { 202: acceptedSchema },
    problems: [409],
    handle: async (call) => answer(call, await call.squadra.run(call.params.id).retry()),
  });
}

function signalling(app: FastifyInstance): void {
  route(app, {
    method: 'POST',
    url: '/executions/:id/signals/:name',
    operationId: 'signalExecution',
    summary: 'Send a signal to an execution',
    description:
      'The body is the payload, any JSON or nothing. A signal may come before the execution waits for it; those of one name are taken first in, first out.',
    tag,
    scope: 'write',
    params: signalParams,
    body: jsonSchema,
    answers: { 202: acceptedSchema },
    problems: [409],
    handle: async ({ params: { id, name }, body, squadra, reply }) => {
      const { status } = await squadra.run(id).signal(name, body);
      return reply.code(202).send(accepted(id, status));
    },
  });
}

function forking(app: FastifyInstance): void {
  route(app, {
    method: 'POST',
    url: '/executions/:id/fork',
    operationId: 'forkExecution',
    summary: 'Do an execution again from a step on',
    description:
      'Makes a new execution that takes over what was committed before the step, for free, and does the rest anew, with other settings of members where `set` names some. The original stays as it is.',
    tag,
    scope: 'write',
    admitsWork: true,
    params: idParams,
    body: forkBody,
    answers: { 202: acceptedSchema },
    problems: [409, 422],
    handle: async ({ params, body, squadra, reply }) => {
      const run = squadra.run(params.id);
      await run.get();
      const fork = await run.fork(body).catch((error: unknown) => {
        throw stepInBody(error);
      });
      return reply.code(202).header('location', executionAddress(fork.id)).send(accepted(fork.id, 'queued'));
    },
  });
}

/** The address led to an execution: what was not found is the step that the body names. */
function stepInBody(error: unknown): unknown {
  if (!(error instanceof SquadraError) || error.code !== 'NOT_FOUND') return error;
  return new SquadraError('INVALID_INPUT', error.message, { cause: error });
}

/** 202 for what changes something, 200 for what was so already. */
function answer({ params, reply }: Call<{ readonly id: string }, unknown, unknown>, { status, changed }: Changed) {
  return reply.code(changed ? 202 : 200).send(accepted(params.id, status));
}
