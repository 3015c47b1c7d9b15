/** Colours and weights, or nothing where the reader wants none. */
export interface Ink {
  readonly isOn: boolean;
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

/** Each colour of SGR with the code that ends it. */
export function createInk(isOn: boolean): Ink {
  const style =
    (open: number, close: number) =>
    (text: string): string =>
      isOn && text !== '' ? `\x1b[${open}m${text}\x1b[${close}m` : text;
  return {
    isOn,
    bold: style(1, 22),
    dim: style(2, 22),
    red: style(31, 39),
    green: style(32, 39),
    yellow: style(33, 39),
    cyan: style(36, 39),
  };
}
