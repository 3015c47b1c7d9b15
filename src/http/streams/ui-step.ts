/** One chunk of the UI message stream. */
export interface UiChunk {
  readonly type: string;
  readonly [field: string]: unknown;
}

type Told = Readonly<Record<string, string>>;

/** Text of one model call. */
interface TextPart {
  readonly kind: 'text';
  readonly id: string;
  readonly told: Told;
  attempt: number;
  text: string;
  /** Whether it is known that a piece is missing. */
  hasGap: boolean;
  isDone: boolean;
}

/** Anything that is sent again as it was. */
interface FixedPart {
  readonly kind: 'fixed';
  readonly chunks: UiChunk[];
  isDone: boolean;
}

interface Piece {
  readonly event: 'text-delta' | 'text-so-far';
  readonly stepKey: string;
  readonly attempt: number;
  readonly offset: number;
  readonly text: string;
}

/**
 * The parts that are under way. The protocol can take nothing back but a whole step of the message, so a step begins when
 * nothing is under way; when an attempt's text has to go, the step is reset and its other parts are told again.
 */
export class UiStep {
  readonly #parts = new Map<string, TextPart | FixedPart>();

  /** Adds what a call says live. A higher attempt takes the place of the one before. */
  addText({ event, stepKey, attempt, offset, text }: Piece, told: Told): readonly UiChunk[] {
    const known = this.#text(stepKey);
    if (known === null) {
      const part = this.#newText(stepKey, told, attempt);
      part.hasGap = offset > 0;
      return [...this.#add(stepKey, part), ...startOf(part), ...(part.hasGap ? [] : grow(part, text))];
    }
    if (attempt < known.attempt || known.isDone || (known.hasGap && attempt === known.attempt)) return [];
    if (attempt > known.attempt) {
      Object.assign(known, { attempt, text: '', hasGap: offset > 0 });
      if (!known.hasGap) known.text = text;
      return this.#again();
    }
    if (offset > known.text.length) {
      known.hasGap = true;
      return [];
    }
    return event === 'text-delta' && offset < known.text.length
      ? []
      : grow(known, text.slice(known.text.length - offset));
  }

  /** What was said in the end, whatever was heard of it live. */
  setText(stepKey: string, text: string, told: Told): readonly UiChunk[] {
    const known = this.#text(stepKey);
    if (known === null) {
      const part = this.#newText(stepKey, told, 1);
      const begun = [...this.#add(stepKey, part), ...startOf(part), ...grow(part, text)];
      part.isDone = true;
      return [...begun, endOf(part)];
    }
    known.isDone = true;
    if (text.startsWith(known.text)) return [...grow(known, text.slice(known.text.length)), endOf(known)];
    known.text = text;
    return this.#again();
  }

  /** The attempt has failed: what it said counts no more. */
  dropText(stepKey: string, attempt: number): readonly UiChunk[] {
    const known = this.#text(stepKey);
    if (known === null || known.attempt > attempt || known.isDone) return [];
    this.#parts.delete(stepKey);
    return this.#again();
  }

  beginTool(key: string, toolName: string, input: unknown, told: Told): readonly UiChunk[] {
    if (this.#parts.has(key)) return [];
    const chunk = {
      type: 'tool-input-available',
      toolCallId: key,
      toolName,
      input,
      dynamic: true,
      // It is done here: nothing is for the browser to do.
      providerExecuted: true,
      providerMetadata: { squadra: told },
    };
    return [...this.#add(key, { kind: 'fixed', chunks: [chunk], isDone: false }), chunk];
  }

  endTool(key: string, result: { readonly output: unknown } | { readonly errorText: string }): readonly UiChunk[] {
    const type = 'output' in result ? 'tool-output-available' : 'tool-output-error';
    const chunk = { type, toolCallId: key, ...result, dynamic: true, providerExecuted: true };
    const part = this.#parts.get(key);
    if (part?.kind === 'fixed') {
      part.chunks.push(chunk);
      part.isDone = true;
    }
    return [chunk];
  }

  /** Data that replaces what was said before under the same name and id. */
  setData(name: string, id: string, data: unknown): readonly UiChunk[] {
    const chunk = { type: `data-${name}`, id, data };
    const known = this.#parts.get(id);
    if (known?.kind === 'fixed') known.chunks.splice(0, Infinity, chunk);
    else this.#parts.set(id, { kind: 'fixed', chunks: [chunk], isDone: true });
    return [chunk];
  }

  /** Nothing more is said. */
  close(): readonly UiChunk[] {
    const open = [...this.#parts.values()].filter((part): part is TextPart => part.kind === 'text' && !part.isDone);
    return open.map(endOf);
  }

  #text(key: string): TextPart | null {
    const part = this.#parts.get(key);
    return part?.kind === 'text' ? part : null;
  }

  #newText(id: string, told: Told, attempt: number): TextPart {
    return { kind: 'text', id, told, attempt, text: '', hasGap: false, isDone: false };
  }

  #add(key: string, part: TextPart | FixedPart): readonly UiChunk[] {
    const begins = [...this.#parts.values()].every(({ isDone }) => isDone);
    if (begins) this.#parts.clear();
    this.#parts.set(key, part);
    return begins ? [{ type: 'start-step' }] : [];
  }

  #again(): readonly UiChunk[] {
    const told = [...this.#parts.values()].flatMap((part) => {
      if (part.kind === 'fixed') return part.chunks;
      const text = part.text === '' ? [] : [deltaOf(part, part.text)];
      return [...startOf(part), ...text, ...(part.isDone ? [endOf(part)] : [])];
    });
    return [{ type: 'reset-step' }, ...told];
  }
}

function startOf({ id, told }: TextPart): readonly UiChunk[] {
  return [{ type: 'text-start', id, providerMetadata: { squadra: told } }];
}

function grow(part: TextPart, text: string): readonly UiChunk[] {
  if (text === '') return [];
  part.text += text;
  return [deltaOf(part, text)];
}

function deltaOf({ id }: TextPart, delta: string): UiChunk {
  return { type: 'text-delta', id, delta };
}

function endOf({ id }: TextPart): UiChunk {
  return { type: 'text-end', id };
}
