import type { LanguageModelV4Prompt } from '@ai-sdk/provider';
import { SquadraError } from '../kernel/errors.ts';
import type { Usage } from '../work/usage.ts';
import type { AskRequest } from '../workflows/asker.ts';
import { Admitted } from './admitted.ts';
import type { Agent } from './agent.ts';
import { modelCallSpan } from './call-spans.ts';
import type { ContextWindow } from './context-window.ts';
import { bytesOf, type Conversation, type PastTurn, withNotes } from './conversation.ts';
import type { CallOrder, ModelCaller } from './model-caller.ts';
import { estimatedTokens } from './model-usage.ts';
import { cutText } from './tool-result.ts';
import { readNotes } from './turn-record.ts';

/** On the careful side: what is cut too short is lost, what does not fit fails the ask. */
const bytesPerToken = 3;
/** Of the window: a last turn up to this size stays as it is, since the model has not read its results yet. */
const keptShare = 1 / 4;
/** Of one piece of a turn in the transcript, where not everything fits. */
const leastPieceBytes = 200;

const instructions = `You keep the notes of an agent whose conversation has become too long. Below is what it was asked and what happened since. Write the notes with which it can go on as if it remembered: what was done, what was found (figures, names, paths, decisions to the letter), what failed and why, what is open, and what it meant to do next. Leave out greetings and what no longer matters. Write nothing but the notes.`;

/** A conversation that is short enough again, and what that cost; the usage is null when nothing was done. */
export interface Compacted {
  readonly conversation: Conversation;
  readonly usage: Usage | null;
}

/**
 * Replaces the earlier turns of a conversation by notes, before turn `turn`. That is a step of its own: `compact/<turn>`.
 *
 * P1  Whether it is done is decided when the turn is new; after that the journal says so, whatever the settings say now.
 */
export async function compact(
  caller: ModelCaller,
  agent: Agent,
  request: AskRequest,
  conversation: Conversation,
  turn: number,
): Promise<Compacted> {
  const name = `compact/${turn}`;
  const window = caller.windowOf(agent);
  const isDue = !request.isRecorded(`model/${turn}`) && isTooLong(conversation, window);
  if (!request.isRecorded(name) && !isDue) return { conversation, usage: null };
  const kept = keptTurns(conversation, window);
  const prompt = notesPrompt(conversation, kept, window);
  const tokens = estimatedTokens(bytesOf(prompt));
  const admitted = new Admitted();
  const recorded = await request.call({
    name,
    type: 'model',
    input: { conversation: conversation.fingerprint },
    describe: () =>
      modelCallSpan({ agent, request, maxTokens: window.outputTokens, isJson: false, prompt: () => prompt }),
    failed: (reason) => ({ change: 'fail', id: request.itemId, reason }),
    reservation: async (signal) =>
      admitted.take(caller.reserve(agent, prompt), await caller.admit({ agent, request, tokens }, signal)),
    timeoutMs: caller.stepTimeoutMs,
    make: async (attempt) => {
      const order: CallOrder = {
        agent,
        request,
        name,
        prompt,
        tokens,
        tools: [],
        responseFormat: { type: 'text' },
        // None is offered; a model that calls one all the same may have written notes beside it.
        maxToolCalls: Number.POSITIVE_INFINITY,
      };
      const { received, usage } = await admitted.use((call) => caller.make(order, attempt, call));
      const { provider, model } = agent.priced;
      const notes = received.text.toWellFormed().trim();
      if (notes === '')
        throw new SquadraError('MODEL_BROKEN_STREAM', `The model wrote no notes at '${request.key}/${name}'.`, {
          details: { usage },
        });
      return { output: { notes, kept, provider, model }, messages: [], usage };
    },
  });
  const { notes, kept: keptThen } = readNotes(recorded.output);
  return { conversation: withNotes(conversation, notes, keptThen), usage: recorded.usage };
}

function isTooLong({ tokens, turns }: Conversation, { compactAt }: ContextWindow): boolean {
  return compactAt !== null && tokens > compactAt && turns.length > 0;
}

function keptTurns({ turns }: Conversation, { tokens }: ContextWindow): number {
  const last = turns.at(-1);
  if (last === undefined || turns.length < 2 || tokens === null) return 0;
  return estimatedTokens(Buffer.byteLength(transcriptOf(last, null))) <= tokens * keptShare ? 1 : 0;
}

/** A transcript, not the conversation itself: that is too long already, and its long pieces can be cut here. */
function notesPrompt(conversation: Conversation, kept: number, window: ContextWindow): LanguageModelV4Prompt {
  const { message, notes, turns } = conversation;
  const gone = kept === 0 ? turns : turns.slice(0, -kept);
  const room =
    window.tokens === null ? Number.POSITIVE_INFINITY : (window.tokens - window.outputTokens) * bytesPerToken;
  const before = notes === null ? [] : [`# Notes so far\n\n${notes}`];
  const head = [`# What the agent was asked\n\n${message}`, ...before].join('\n\n');
  const left = room - Buffer.byteLength(instructions) - Buffer.byteLength(head);
  const pieces = gone.reduce((sum, turn) => sum + (turn.kind === 'tools' ? 1 + 2 * turn.calls.length : 2), 0);
  // Only where it is needed: the longest pieces are what a file or a page held, and their beginnings tell most.
  const whole = gone.map((turn) => transcriptOf(turn, null)).join('\n\n');
  const isWhole = Buffer.byteLength(whole) <= left;
  const pieceBytes = Math.max(leastPieceBytes, Math.floor(left / Math.max(1, pieces)) - leastPieceBytes);
  const transcript = isWhole ? whole : gone.map((turn) => transcriptOf(turn, pieceBytes)).join('\n\n');
  return [
    { role: 'system', content: instructions },
    { role: 'user', content: [{ type: 'text', text: `${head}\n\n# What happened since\n\n${transcript}` }] },
  ];
}

function transcriptOf(turn: PastTurn, maxBytes: number | null): string {
  const piece = (text: string): string => {
    const head = maxBytes === null ? text : cutText(text, maxBytes);
    return head.length === text.length ? text : `${head} [cut]`;
  };
  const said = turn.text === '' ? [] : [`The agent said:\n${piece(turn.text)}`];
  if (turn.kind === 'repair')
    return [...said, `It was told that this does not match: ${piece(turn.problems.join('; '))}`].join('\n\n');
  const calls = turn.calls.map(({ name, input }, place) => {
    const { text, isError } = turn.results[place] ?? { text: '', isError: true };
    return `It called ${name} with ${piece(input)}\n${isError ? 'That failed' : 'It got'}:\n${piece(text)}`;
  });
  return [...said, ...calls].join('\n\n');
}
