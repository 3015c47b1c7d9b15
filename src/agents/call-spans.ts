import type { LanguageModelV4Prompt } from '@ai-sdk/provider';
import type { Json } from '../kernel/json.ts';
import { genAi } from '../telemetry/gen-ai.ts';
import type { SpanAttributes } from '../telemetry/tracing.ts';
import type { NewMessage } from '../work/message.ts';
import type { AskRequest } from '../workflows/asker.ts';
import type { CallSpan } from '../workflows/run-watcher.ts';
import type { Agent } from './agent.ts';
import type { PlannedCall } from './planned-call.ts';

/** What a model call tells of itself in a trace. `prompt` is made only where content is wanted. */
export interface TracedCall {
  readonly agent: Pick<Agent, 'priced' | 'temperature'>;
  readonly request: Pick<AskRequest, 'member'>;
  readonly maxTokens: number;
  readonly isJson: boolean;
  readonly prompt: () => LanguageModelV4Prompt;
}

/** Of a model call: `chat {model}`, as the conventions have it. */
export function modelCallSpan({ agent, request, maxTokens, isJson, prompt }: TracedCall): CallSpan {
  const { provider, model } = agent.priced;
  return {
    name: `chat ${model}`,
    kind: 'client',
    attributes: {
      [genAi.operation]: 'chat',
      [genAi.provider]: provider,
      [genAi.requestModel]: model,
      [genAi.requestTemperature]: agent.temperature,
      [genAi.requestMaxTokens]: maxTokens,
      [genAi.requestStream]: true,
      [genAi.outputType]: isJson ? 'json' : 'text',
      [genAi.agentName]: request.member.name,
    },
    content: () => promptAttributes(prompt()),
    result: (output, messages) => ({
      attributes: answerAttributes(output),
      failure: null,
      content: () => ({ [genAi.outputMessages]: JSON.stringify([saidOf(output, messages)]) }),
    }),
  };
}

/** Of a tool call: `execute_tool {tool}`. */
export function toolCallSpan({ id, name, input }: PlannedCall): CallSpan {
  return {
    name: `execute_tool ${name}`,
    kind: 'internal',
    attributes: {
      [genAi.operation]: 'execute_tool',
      [genAi.toolName]: name,
      [genAi.toolType]: 'function',
      [genAi.toolCallId]: id,
    },
    content: () => ({ [genAi.toolArguments]: input }),
    result: (output, messages) => ({
      attributes: {},
      // The model is told, and goes on; that it went wrong is the call's to say.
      failure: fieldOf(output, 'ok') === false ? 'tool_error' : null,
      content: () => ({ [genAi.toolResult]: messages.map(({ text }) => text).join('\n') }),
    }),
  };
}

function answerAttributes(output: Json): SpanAttributes {
  const finishReason = fieldOf(output, 'finishReason');
  const responseId = fieldOf(output, 'responseId');
  const firstTokenMs = fieldOf(output, 'firstTokenMs');
  return {
    ...(typeof finishReason === 'string' ? { [genAi.finishReasons]: [finishReason] } : {}),
    ...(typeof responseId === 'string' ? { [genAi.responseId]: responseId } : {}),
    ...(typeof firstTokenMs === 'number' ? { [genAi.timeToFirstChunk]: firstTokenMs / 1_000 } : {}),
  };
}

function promptAttributes(prompt: LanguageModelV4Prompt): SpanAttributes {
  const instructions = prompt.flatMap((message) =>
    message.role === 'system' ? [{ type: 'text', content: message.content }] : [],
  );
  const messages = prompt.flatMap((message) =>
    message.role === 'system' ? [] : [{ role: message.role, parts: message.content.map(partOf) }],
  );
  return {
    ...(instructions.length === 0 ? {} : { [genAi.systemInstructions]: JSON.stringify(instructions) }),
    [genAi.inputMessages]: JSON.stringify(messages),
  };
}

type PromptPart = Exclude<LanguageModelV4Prompt[number], { role: 'system' }>['content'][number];

/** A part as the schema of the conventions has it. */
function partOf(part: PromptPart): object {
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return { type: part.type, content: part.text };
    case 'tool-call':
      return { type: 'tool_call', id: part.toolCallId, name: part.toolName, arguments: part.input };
    case 'tool-result':
      return { type: 'tool_call_response', id: part.toolCallId, response: part.output };
    default:
      return { type: part.type };
  }
}

function saidOf(output: Json, messages: readonly NewMessage[]): object {
  const texts = messages.map(({ text }) => ({ type: 'text', content: text }));
  const calls = fieldOf(output, 'calls');
  const called = Array.isArray(calls)
    ? calls.map((call: Json) => ({
        type: 'tool_call',
        id: fieldOf(call, 'id'),
        name: fieldOf(call, 'name'),
        arguments: fieldOf(call, 'input'),
      }))
    : [];
  const notes = fieldOf(output, 'notes');
  const noted = typeof notes === 'string' ? [{ type: 'text', content: notes }] : [];
  const finishReason = fieldOf(output, 'finishReason');
  return { role: 'assistant', parts: [...texts, ...called, ...noted], finish_reason: finishReason ?? 'stop' };
}

function fieldOf(value: Json, name: string): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, Json>>)[name]
    : undefined;
}
