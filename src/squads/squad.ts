/** What a caller may give for a member; everything but the role has a default. */
export interface MemberInput {
  readonly role: string;
  readonly name?: string;
  readonly specialization?: string;
  readonly provider?: string;
  readonly model?: string;
  readonly temperature?: number;
  readonly instructions?: string;
  readonly tools?: readonly string[];
}

/** What a caller may give for a squad: members of a template come first, then the listed ones. */
export interface SquadInput {
  readonly name: string;
  readonly description?: string;
  readonly template?: string;
  readonly members?: readonly MemberInput[];
}

/** An agent's configuration. `provider` and `model` are null where the installation's default applies. */
export interface Member {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly specialization: string | null;
  readonly provider: string | null;
  readonly model: string | null;
  readonly temperature: number;
  readonly instructions: string | null;
  readonly tools: readonly string[];
  readonly version: number;
}

/** A named team. Any change of the squad or of a member moves `version`. */
export interface Squad {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly members: readonly Member[];
  readonly version: number;
  /** The user it was created for; null where none signed in. */
  readonly userId: string | null;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
}
