import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Loading } from './loading.tsx';
import { ProblemNotice } from './problem-notice.tsx';

/** What was read, once it is there; until then grey lines, and a problem where it could not be had. Old content stays on a failed re-read. */
export function Reading<T>(props: {
  readonly of: UseQueryResult<T>;
  readonly what: string;
  readonly lines?: number;
  readonly children: (value: T) => ReactNode;
}) {
  const { data, error, refetch } = props.of;
  if (data !== undefined) return props.children(data);
  if (error !== null) return <ProblemNotice error={error} onRetry={() => void refetch()} />;
  return <Loading what={props.what} {...(props.lines === undefined ? {} : { lines: props.lines })} />;
}
