import { z } from 'zod';
import type { Member } from '../../squads/squad.ts';

/** The request as every flow takes it. */
export const requestText = z.string().refine((text) => text.trim() !== '', 'has to say something');

/** What a member made, for those who go on with it. */
export interface Contribution {
  readonly from: Member;
  /** Which of the member's works it is, where it has several: `task 2`, `draft 1`. */
  readonly work?: string;
  readonly text: string;
}

/** What a flow tells a member. */
export interface FlowMessage {
  /** What this member does now, where it is not simply the request. The first line stands alone: it names the work item. */
  readonly part?: string;
  readonly request: string;
  readonly before?: readonly Contribution[];
}

/** One text: the part, the request, and what others made of it, under headings that say which is which. */
export function flowMessage({ part, request, before = [] }: FlowMessage): string {
  if (part === undefined && before.length === 0) return request;
  return [
    ...(part === undefined ? [] : [part]),
    `# Request\n\n${request}`,
    ...before.map(({ from, work, text }) => {
      const which = work === undefined ? '' : `, ${work}`;
      return `# From ${from.name} (${from.role})${which}\n\n${text}`;
    }),
  ].join('\n\n');
}
