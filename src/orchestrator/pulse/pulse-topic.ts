/** What a page shows and what can change of it. */
export const pulseTopics = [
  'executions',
  'convoys',
  'approvals',
  'squads',
  'budgets',
  'schedules',
  'metrics',
  'costs',
  'system',
] as const;
export type PulseTopic = (typeof pulseTopics)[number];

/** Some topics as one number: a bit each, in the order of `pulseTopics`. */
export type TopicSet = number;

/** All there are: what a follower is told first, who knows nothing yet. */
export const allTopics: TopicSet = 2 ** pulseTopics.length - 1;

export function topicSet(...topics: readonly PulseTopic[]): TopicSet {
  return topics.reduce((set, topic) => set | (1 << pulseTopics.indexOf(topic)), 0);
}

export function topicsOf(set: TopicSet): readonly PulseTopic[] {
  return pulseTopics.filter((_, bit) => (set & (1 << bit)) !== 0);
}
