/** What a page must show as text, whoever wrote it: each of these has done harm somewhere. */
export const hostileNames = {
  script: '<script>globalThis.harmed = 1</script>',
  image: '<img src=x onerror="globalThis.harmed = 2">',
  arabic: 'فريق الاختبار والمراجعة',
  override: 'abc\u202Egpj.exe\u202C end',
  long: 'Wwwwwwwwww'.repeat(18),
} as const;

/** Markdown as a model might write it for whoever told it to. */
export const hostileMarkdown = `# Plan <script>globalThis.harmed = 3</script>

<script>globalThis.harmed = 4</script>

<img src=x onerror="globalThis.harmed = 5"> <iframe src="https://elsewhere.example/frame"></iframe>

[click](javascript:globalThis.harmed=6) [data](data:text/html,<script>globalThis.harmed=7</script>) [out](https://elsewhere.example/page)

![picture](https://elsewhere.example/picture.png)

<style>body { display: none }</style> <form action="https://elsewhere.example/"><input name="key"></form>

| a | b |
| - | - |
| 1 | 2 |
`;

/** 40 KB of everything: a line without a break, a table, deep lists. */
export function longMessage(): string {
  const line = 'x'.repeat(4_000);
  const table = ['| n | what |', '| - | - |', ...Array.from({ length: 300 }, (_, n) => `| ${n} | cell ${n} |`)].join(
    '\n',
  );
  const list = Array.from({ length: 20 }, (_, depth) => `${'  '.repeat(depth)}- level ${depth}`).join('\n');
  const head = `${hostileMarkdown}\n\n${line}\n\n${table}\n\n${list}\n\n`;
  return head + 'All of it was read. '.repeat(Math.ceil((40_000 - head.length) / 20));
}
