/** Whether this process takes requests: `starting` and `draining` answer `/ready` with 503. */
export class Readiness {
  #state: 'starting' | 'ready' | 'draining' = 'starting';

  get state(): 'starting' | 'ready' | 'draining' {
    return this.#state;
  }

  opened(): void {
    if (this.#state === 'starting') this.#state = 'ready';
  }

  drains(): void {
    this.#state = 'draining';
  }
}
