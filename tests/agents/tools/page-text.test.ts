import { describe, expect, it } from 'vitest';
import { htmlToText } from '../../../src/agents/tools/fetch-url/page-text.ts';

const text = (html: string): string => htmlToText(html, 'https://example.com/docs/');

describe('HTML as text', () => {
  it('keeps headings, paragraphs, lists, cells and links', () => {
    expect(
      text(`<!doctype html><html><head><title>Page</title><style>p { color: red }</style></head>
      <body><!-- <p>not this</p> --><h1>One &amp; two</h1><p>First   line<br>second <a href="../x?a=1&amp;b=2">a <b>link</b></a></p>
      <ul><li>apple<li>pear</ul><table><tr><td>1</td><td>2</td></tr></table>
      <script>if (a < b) document.write("<p>no</p>")</script><a href="javascript:alert(1)">no link</a> <a href="/empty"> </a></body></html>`),
    ).toBe(
      'Page\n\n# One & two\n\nFirst line\nsecond [a link](https://example.com/x?a=1&b=2)\n\n- apple\n- pear\n\n1 | 2 |\n\nno link',
    );
  });

  it.each([
    ['a < b and c > d', 'a < b and c > d'],
    ['&lt;b&gt; &#65;&#x42; &unknown; &#0; &#xD800; &#99999999;', '<b> AB &unknown; &#99999999;'],
    ['<p>one<p>two', 'one\n\ntwo'],
    ['<script>never closed <p>text', ''],
    ['<p title="x', ''],
    ['\u001b[31mred\u0007\u0000', '[31mred'],
    ['İİİ<SCRIPT>x</SCRIPT>İ', 'İİİİ'],
    ['<a href=one>1<a href="two">2</a>', '[1](https://example.com/docs/one)[2](https://example.com/docs/two)'],
    ['<a href="/a(b)">x</a>', '[x](https://example.com/a%28b%29)'],
  ])('%j becomes %j', (html, expected) => {
    expect(text(html)).toBe(expected);
  });

  it.each(['<', '<a ', '<script>', '<!--', '<a href="x">', '&', '&#', '</a>', '[](', '<p>', ' \n', '<a href='])(
    'takes no longer for a megabyte of %j than for a page',
    (piece) => {
      const started = performance.now();
      text(piece.repeat(1_000_000 / piece.length));
      expect(performance.now() - started).toBeLessThan(5_000);
    },
  );
});
