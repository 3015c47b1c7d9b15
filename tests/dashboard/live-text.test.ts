import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settledLength, textSoFar, withPiece } from '../../dashboard/src/execution/live-text.ts';
import type { LiveText } from '../../dashboard/src/execution/live-text.ts';

const piece = (attempt: number, offset: number, text: string) => ({ stepKey: 'a/model/1', attempt, offset, text });

describe('text that streams', () => {
  it('is put together from its pieces', () => {
    const first = withPiece(undefined, piece(1, 0, 'Hello'));
    expect(withPiece(first, piece(1, 5, ', you'))).toEqual({ attempt: 1, offset: 0, text: 'Hello, you' });
  });

  it('says nothing twice, and adds nothing after a gap until all of it is told again', () => {
    const known = withPiece(undefined, piece(1, 0, 'abc'));
    expect(withPiece(known, piece(1, 0, 'abc'))).toBe(known);
    expect(withPiece(known, piece(1, 2, 'cd')).text).toBe('abcd');
    expect(withPiece(known, piece(1, 9, 'xyz'))).toBe(known);
    expect(textSoFar(known, piece(1, 0, 'abcdefghixyz')).text).toBe('abcdefghixyz');
  });

  it('drops what an attempt said that came to nothing, and hears no more of it', () => {
    const second = withPiece(withPiece(undefined, piece(1, 0, 'wrong')), piece(2, 0, 'right'));
    expect(second).toEqual({ attempt: 2, offset: 0, text: 'right' });
    expect(withPiece(second, piece(1, 5, ' still wrong'))).toBe(second);
    expect(textSoFar(second, piece(1, 0, 'wrong'))).toBe(second);
    expect(textSoFar(second, piece(3, 0, '')).text).toBe('');
  });

  it('knows where it begins when its beginning was dropped', () => {
    const late = textSoFar(undefined, piece(1, 100, 'end'));
    expect(late).toEqual({ attempt: 1, offset: 100, text: 'end' });
    expect(withPiece(late, piece(1, 103, '.')).text).toBe('end.');
  });

  it('is what was said, however it was cut and however often pieces came', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 60 }), fc.array(fc.nat(60)), fc.nat(10), (said, cuts, from) => {
        const places = [0, ...cuts.map((cut) => Math.min(cut, said.length)), said.length].toSorted((a, b) => a - b);
        let known: LiveText | undefined = textSoFar(undefined, piece(1, 0, said.slice(0, from)));
        for (const [at, begin] of places.entries()) {
          // Each piece a second time, with what came before it.
          known = withPiece(known, piece(1, begin, said.slice(begin, places[at + 1])));
          known = withPiece(known, piece(1, 0, said.slice(0, places[at + 1])));
        }
        expect(known.text).toBe(said);
      }),
    );
  });
});

describe('the part that is settled', () => {
  it('ends with the last empty line', () => {
    expect(settledLength('# Plan\n\nOne\n\nTwo')).toBe('# Plan\n\nOne\n\n'.length);
    expect(settledLength('One line')).toBe(0);
    expect(settledLength('')).toBe(0);
  });

  it('does not end within code', () => {
    const text = 'Code:\n\n```ts\nconst a = 1;\n\nconst b';
    expect(settledLength(text)).toBe('Code:\n\n'.length);
    expect(settledLength(`${text} = 2;\n\`\`\`\n\nDone`)).toBe(`${text} = 2;\n\`\`\`\n\n`.length);
  });
});
