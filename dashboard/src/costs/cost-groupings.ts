/** By what costs are told apart, with the word for it. */
export const groupings = {
  day: 'Day',
  squad: 'Squad',
  model: 'Model',
  member: 'Member',
  execution: 'Execution',
} as const;
export type Grouping = keyof typeof groupings;
