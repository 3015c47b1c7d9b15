import { useChat } from '@ai-sdk/react';
import type { UIMessage, UIMessageChunk } from 'ai';
import { useState } from 'react';
import { createRoot } from 'react-dom/client';
import { chatTransport, createClient } from 'squadra/client';

const client = createClient({ url: location.origin });
const transport = chatTransport<UIMessageChunk>(client, { squad: 'software', memory: sessionStorage });

/** Loaded again in the middle of an answer, the page finds its execution and goes on. */
function Chat() {
  const { messages, sendMessage, status, error } = useChat<UIMessage>({ id: 'example', transport, resume: true });
  const [text, setText] = useState('');
  const isBusy = status === 'submitted' || status === 'streaming';
  return (
    <main>
      <h1>A squad in a chat</h1>
      {messages.length === 0 && <p className="hint">Ask for something small: a login page, a price list, a plan.</p>}
      <ol>
        {messages.map((message) => (
          <li key={message.id} className={message.role}>
            {message.parts.map((part, index) => (
              <Part key={index} part={part} />
            ))}
          </li>
        ))}
      </ol>
      {error !== undefined && <p role="alert">{error.message}</p>}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() === '' || isBusy) return;
          void sendMessage({ text });
          setText('');
        }}
      >
        <input
          aria-label="Your request"
          value={text}
          onChange={(event) => setText(event.target.value)}
          placeholder={isBusy ? 'The squad is at work …' : 'What should the squad do?'}
        />
        <button disabled={isBusy}>Send</button>
      </form>
    </main>
  );
}

/** What a member says is a text part that tells who speaks; a call of a tool is shown by its name. */
function Part({ part }: { readonly part: UIMessage['parts'][number] }) {
  if (part.type === 'text') {
    const { member } = part.providerMetadata?.['squadra'] ?? {};
    return (
      <section>
        {typeof member === 'string' && <h2>{member}</h2>}
        <p className="text">{part.text}</p>
      </section>
    );
  }
  if (part.type === 'dynamic-tool') return <p className="hint">uses {part.toolName}</p>;
  return null;
}

const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<Chat />);
