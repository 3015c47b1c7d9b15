import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { defaultWorkflow } from '../../orchestrator/submissions.ts';
import type { HttpParts } from '../http-parts.ts';
import { route } from '../route.ts';
import { acceptedSchema, submissionBody } from '../schemas/execution.ts';

const tag = 'executions';
const submissionHeaders = z.looseObject({ 'idempotency-key': z.string().min(1).max(255).exactOptional() });

/** Executions: handing work in, following it, and acting on it from outside. */
export function executionRoutes(app: FastifyInstance, _parts: HttpParts): void {
  route(app, {
    method: 'POST',
    url: '/executions',
    operationId: 'submitExecution',
    summary: 'Hand a request to a squad',
    description: 'Answers as soon as the request is stored; the work goes on in the background.',
    tag,
    scope: 'write',
    admitsWork: true,
    headers: submissionHeaders,
    body: submissionBody,
    answers: { 202: acceptedSchema },
    problems: [409],
    handle: async ({ body, request, reply, squadra }) => {
      const { workflow = defaultWorkflow, ...rest } = body;
      const key = request.headers['idempotency-key'];
      const run = await squadra.submit<unknown, unknown>(workflow, {
        ...rest,
        ...(typeof key === 'string' ? { idempotencyKey: key } : {}),
      });
      const self = `/api/v1/executions/${run.id}`;
      const links = { self, events: `${self}/events`, messages: `${self}/messages` };
      // As it was accepted, not as it stands by now: the same key gets the same answer.
      const status = body.start === false ? 'created' : 'queued';
      return reply.code(202).header('location', self).send({ id: run.id, status, links });
    },
  });
}
