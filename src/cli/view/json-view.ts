import type { SquadraEvent } from '../../orchestrator/events.ts';
import type { Terminal } from '../terminal.ts';
import { eventDocument } from './event-document.ts';
import type { RunView } from './run-view.ts';
import { safeJson } from './safe-text.ts';

/** One JSON line for each event; the outcome, which is the last, is written by the command. */
export class JsonView implements RunView {
  readonly #terminal: Terminal;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  begin(): void {}

  take(event: SquadraEvent): void {
    const document = eventDocument(event);
    if (document !== null) this.#terminal.out(safeJson(document));
  }

  end(): void {}
}
