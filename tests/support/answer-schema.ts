import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import type { Answer, AskOptions, TestServer } from './http-server.ts';

interface MediaType {
  readonly schema?: object;
}
interface Response {
  readonly content?: Readonly<Record<string, MediaType>>;
}

/** An operation of the interface's description. */
export interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, Response>>;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[];
  readonly requestBody?: object;
  readonly security?: readonly object[];
}

/** The interface as a server describes it at `/openapi.json`. */
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

export async function readApiDocument(server: TestServer): Promise<ApiDocument> {
  return (await server.ask('/openapi.json')).body as ApiDocument;
}

const timeShape = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;
const uuidShape = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Compares answers with what the description says of them. Made once for a server: compiling schemas takes a while. */
export class AnswerSchemas {
  readonly #paths: ApiDocument['paths'];
  readonly #ajv: Ajv2020;
  readonly #compiled = new Map<string, ValidateFunction>();

  constructor(document: ApiDocument) {
    this.#paths = document.paths;
    this.#ajv = new Ajv2020({
      strict: false,
      allErrors: true,
      logger: false,
      formats: { uuid: uuidShape, 'date-time': timeShape },
    });
    this.#ajv.addSchema(document, 'api');
  }

  /**
   * What of an answer is not as described; empty when all of it is. `path` as it was asked for, with or without `/api/v1` and a
   * query. An address that is not described may only answer with a problem.
   */
  faults(
    method: string,
    path: string,
    answer: Pick<Answer, 'status' | 'headers' | 'body' | 'text'>,
  ): readonly string[] {
    const template = this.#template(method, path);
    const what = `${method} ${template ?? path} → ${answer.status}`;
    if (template === null)
      return this.#check('/components/schemas/Problem', answer.body).map((fault) => `${what}: ${fault}`);
    const response = this.#paths[template]?.[method.toLowerCase()]?.responses[String(answer.status)];
    if (response === undefined)
      return [`${what}: the status is not described; the answer is ${answer.text.slice(0, 500)}`];
    const types = Object.keys(response.content ?? {}).filter((type) => response.content?.[type]?.schema !== undefined);
    const given = answer.headers.get('content-type')?.split(';')[0]?.trim() ?? '';
    if (answer.text === '' && isEmpty(response)) return [];
    if (!types.includes(given))
      return [`${what}: the content type '${given}' is not described, only ${types.join(', ')}`];
    if (!/\bjson$/.test(given)) return [];
    const place = [
      'paths',
      template,
      method.toLowerCase(),
      'responses',
      String(answer.status),
      'content',
      given,
      'schema',
    ];
    return this.#check(`/${place.map(escaped).join('/')}`, answer.body).map((fault) => `${what}: ${fault}`);
  }

  #check(pointer: string, value: unknown): readonly string[] {
    const validate = this.#compiled.get(pointer) ?? this.#ajv.compile({ $ref: `api#${pointer}` });
    this.#compiled.set(pointer, validate);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath || '(whole)'} ${message ?? ''} ${JSON.stringify(params)}`,
    );
  }

  /** A literal part of an address wins over a parameter, as it does in the router. */
  #template(method: string, path: string): string | null {
    const [bare = ''] = path.split('?');
    const candidates = [bare, `/api/v1${bare}`].map((candidate) => candidate.split('/'));
    const fitting = Object.keys(this.#paths).filter((template) => {
      const parts = template.split('/');
      const isOperation = this.#paths[template]?.[method.toLowerCase()] !== undefined;
      return (
        isOperation &&
        candidates.some(
          (asked) => asked.length === parts.length && parts.every((part, i) => part === asked[i] || isParameter(part)),
        )
      );
    });
    return fitting.toSorted((a, b) => parameters(a) - parameters(b))[0] ?? null;
  }
}

const isParameter = (part: string): boolean => part.startsWith('{');
const parameters = (template: string): number => template.split('/').filter(isParameter).length;
const escaped = (key: string): string => encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'));
const isEmpty = ({ content }: Response): boolean =>
  Object.values(content ?? {}).every(
    ({ schema }) => schema === undefined || Object.keys(schema).every((key) => key === 'description' || key === 'not'),
  );

/** `server.ask` that throws, naming every fault, when an answer is not as the server's own description says. */
export async function describedAsk(server: TestServer): Promise<TestServer['ask']> {
  const schemas = new AnswerSchemas(await readApiDocument(server));
  return async (path: string, options: AskOptions = {}): Promise<Answer> => {
    const answer = await server.ask(path, options);
    const method = options.method ?? (options.body === undefined ? 'GET' : 'POST');
    const faults = schemas.faults(method, path, answer);
    if (faults.length > 0) throw new Error(`An answer is not as described.\n${faults.join('\n')}`);
    return answer;
  };
}
