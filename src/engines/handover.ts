/** An execution that is handed over. */
export interface HandedOver {
  readonly tenant: string;
  readonly id: string;
  readonly priority: number;
  /** The same for each attempt to hand this over, and for nothing else: it is once in effect. */
  readonly key: string;
}

/** The way to an engine that runs elsewhere. */
export interface Handover {
  /** Resolves when the engine has it safely; rejects when that is not known. */
  hand(execution: HandedOver): Promise<void>;
}
