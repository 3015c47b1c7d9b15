import { APICallError } from '@ai-sdk/provider';
import type { LanguageModelV4StreamPart, ProviderV4 } from '@ai-sdk/provider';
import { fakeProvider } from '../../agents/fake-model.ts';
import type { StoryClock } from './story-clock.ts';

const plan = `## Plan

1. **Data**: a table \`sessions\` with an expiry, and an index on the user.
2. **API**: \`POST /login\` answers 204 and sets a cookie; \`POST /logout\` ends the session.
3. **Page**: a form with two fields, and a message that does not say which of them was wrong.

| part | who | days |
| --- | --- | --- |
| API | backend | 2 |
| page | frontend | 1 |

The open question is how long a session lasts; I assume **30 days**.`;

const code = `The route is done. A session ends after 30 days, or when somebody signs out:

\`\`\`ts
export async function login(request: LoginRequest): Promise<Session> {
  const user = await users.byEmail(request.email);
  if (user === null || !(await verify(user, request.password))) throw new Refused();
  return sessions.create(user.id, { days: 30 });
}
\`\`\`

Both ways to fail take equally long, so that nobody learns which addresses exist.`;

const review = `I looked at both parts and ran through the cases by hand.

- [x] A wrong password and an unknown address are told alike.
- [x] The cookie is \`HttpOnly\` and \`SameSite=Lax\`.
- [ ] There is no limit to tries yet; five a minute would do.

**Verdict:** accept, with a follow-up for the limit.`;

const page = `The form is at \`/login\`. Both fields have labels, the browser may fill them in, and the button says what it does.

- **Wrong**: one sentence above the form, read out at once; what was typed stays.
- **Slow**: the button waits, and says so after a second.
- **Without scripts**: the form posts, and the server answers with the same page.`;

const verdict = `Both reviews agree, and so do I. One thing a customer would stumble over: after signing in, the basket is not
where it was. **Accept**, once the basket follows.`;

/** By who spoke before, as a flow tells it: nobody before the first. */
const answers: readonly (readonly [before: string, text: string])[] = [
  ['(tester)', verdict],
  ['(frontend_developer)', review],
  ['(backend_developer)', page],
  ['(project_manager)', code],
  ['', plan],
];
/** Such a word in a request makes the model refuse it. */
export const refusedWord = 'the whole archive';
/** Such a word makes it stop in the middle of its answer, until the test is over. */
export const endlessWord = 'handbook';

/** A number between 0 and 1 from a row that is the same in each run. */
export function rowOfNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

/** A model whose calls take seconds of the story and none of the test's. */
export function storyModel(clock: StoryClock): ProviderV4 {
  const random = rowOfNumbers(7);
  return fakeProvider(({ prompt }) => {
    const asked = JSON.stringify(prompt);
    clock.pass(1_500 + 7_000 * random() ** 2);
    if (asked.includes(refusedWord)) throw refusal();
    const text = answers.find(([before]) => asked.includes(before))?.[1] ?? plan;
    if (asked.includes(endlessWord)) return endless(text);
    return ReadableStream.from(whole(text, asked.length)) as ReadableStream<LanguageModelV4StreamPart>;
  });
}

function whole(text: string, askedLength: number): LanguageModelV4StreamPart[] {
  const [input, output] = [Math.ceil(askedLength / 4), Math.ceil(text.length / 4)];
  return [
    { type: 'stream-start', warnings: [] },
    { type: 'text-delta', id: '0', delta: text },
    {
      type: 'finish',
      finishReason: { unified: 'stop', raw: 'stop' },
      usage: {
        inputTokens: { total: input, noCache: input, cacheRead: 0, cacheWrite: 0 },
        outputTokens: { total: output, text: output, reasoning: 0 },
      },
    },
  ];
}

function endless(text: string): ReadableStream<LanguageModelV4StreamPart> {
  return new ReadableStream({
    start: (stream) => {
      stream.enqueue({ type: 'stream-start', warnings: [] });
      stream.enqueue({ type: 'text-delta', id: '0', delta: text.slice(0, Math.ceil(text.length * 0.6)) });
    },
  });
}

function refusal(): APICallError {
  return new APICallError({
    message: 'This request has 412,000 tokens; the model takes 128,000 at most.',
    url: 'https://model.invalid/v1/chat/completions',
    requestBodyValues: {},
    statusCode: 400,
    responseBody: '{"error":{"message":"This request has 412,000 tokens; the model takes 128,000 at most."}}',
    isRetryable: false,
  });
}
