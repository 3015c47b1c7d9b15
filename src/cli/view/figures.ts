import { formatDuration } from '../../kernel/duration.ts';
import type { Usage } from '../../work/usage.ts';

const thousands = new Intl.NumberFormat('en-US');

/** `12,345` */
export function formatCount(count: number): string {
  return thousands.format(count);
}

/** `1,204 tokens in, 388 out`, with `~` where something of it was estimated. */
export function formatTokens({ inputTokens, outputTokens, estimatedCalls }: Usage): string {
  const about = estimatedCalls > 0 ? '~' : '';
  return `${about}${formatCount(inputTokens)} tokens in, ${about}${formatCount(outputTokens)} out`;
}

/** `3 model calls` */
export function formatCalls({ modelCalls }: Usage): string {
  return `${formatCount(modelCalls)} model call${modelCalls === 1 ? '' : 's'}`;
}

/** `$0.0123`; a model without a price is unpriced, never free. */
export function formatCost({ costMicroUsd, modelCalls, unpricedCalls, estimatedCalls }: Usage): string {
  if (modelCalls > 0 && unpricedCalls === modelCalls) return 'unpriced';
  const about = estimatedCalls > 0 && costMicroUsd > 0 ? '~' : '';
  return `${about}${formatMoney(costMicroUsd)}${unpricedCalls > 0 ? ' + unpriced' : ''}`;
}

/** `$0.0123` of micro-dollars. */
export function formatMoney(microUsd: number): string {
  const usd = microUsd / 1_000_000;
  if (usd === 0) return '$0.00';
  return usd < 0.0001 ? '<$0.0001' : `$${usd.toFixed(usd < 1 ? 4 : 2)}`;
}

/** `just now`, `40s ago`, `3m ago`, `in 2d`. */
export function formatAge(at: number, now: number): string {
  const distance = Math.abs(now - at);
  if (distance < 2_000) return 'just now';
  const [largest] = formatDuration(distance - (distance % 1_000)).split(' ');
  const length = (largest ?? '').replace('.0s', 's');
  return at <= now ? `${length} ago` : `in ${length}`;
}

/** `6d left`, `due` */
export function formatLeft(at: number, now: number): string {
  return at - now < 1_000 ? 'due' : formatAge(at, now).replace(/^in (.*)$/, '$1 left');
}

/** `2026-03-01 14:05:09` in the time of this machine. */
export function formatTime(at: number): string {
  const time = new Date(at);
  const two = (part: number): string => String(part).padStart(2, '0');
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}
