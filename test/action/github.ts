import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Comment {
  id: number;
  body: string;
  html_url: string;
  user: { login: string; type: 'Bot' | 'User' };
}
export interface Request {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}
/** An answer in place of the server's own; `afterwards`: after the server has done its work all the same. */
export interface Answer {
  readonly status: number;
  readonly message?: string;
  readonly headers?: Record<string, string>;
  readonly afterwards?: boolean;
  /** How long the answer takes. */
  readonly delayMs?: number;
}

export const TOKEN = 'a-token';
export const BOT = { login: 'github-actions[bot]', type: 'Bot' } as const;
/** GitHub's largest comment, in characters. */
const MAX_BODY = 65_536;

/** A server that speaks the part of GitHub's API that deals with the comments of one repository, `org/app`. */
export interface GitHub {
  readonly url: string;
  readonly comments: Comment[];
  /** All requests that came in, in order, those that `answer` took included. */
  readonly requests: Request[];
  /** How many requests wait for their answer: neither answered nor given up. */
  waiting: number;
  /** Set by a test to answer requests in the server's place; null lets the server answer. */
  answer: (request: Request) => Answer | null;
  /** Adds a comment as if somebody had posted it. */
  post(body: string, user: Comment['user']): Comment;
  /** The gate's own comments: those that begin with its marker. */
  gates(): Comment[];
}

export async function startGitHub(): Promise<GitHub> {
  let nextId = 1000;
  const github: GitHub = {
    url: '',
    comments: [],
    requests: [],
    waiting: 0,
    answer: () => null,
    post(body, user) {
      const id = nextId++;
      const comment = { id, body, user, html_url: `https://github.example/org/app/pull/7#issuecomment-${id}` };
      github.comments.push(comment);
      return comment;
    },
    gates: () => github.comments.filter(({ body }) => body.startsWith('<!-- int8-gate')),
  };
  const server = createServer((request, response) => {
    github.waiting++;
    response.on('close', () => github.waiting--);
    readAll(request).then((body) => {
      const seen = { method: request.method ?? '', path: request.url ?? '', body };
      github.requests.push(seen);
      const answer = github.answer(seen);
      if (answer === null) return send(response, serve(github, request, body));
      if (answer.afterwards) serve(github, request, body);
      const reply = { status: answer.status, value: { message: answer.message ?? 'no' }, headers: answer.headers };
      setTimeout(() => send(response, reply), answer.delayMs ?? 0);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return Object.assign(github, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

interface Reply {
  readonly status: number;
  readonly value: unknown;
  readonly headers?: Record<string, string>;
}

/** What GitHub does and answers. */
function serve(github: GitHub, request: IncomingMessage, body: string): Reply {
  const notFound: Reply = { status: 404, value: { message: 'Not Found' } };
  if (request.headers.authorization !== `token ${TOKEN}`) return { status: 401, value: { message: 'Bad credentials' } };
  const url = new URL(request.url ?? '', github.url);
  const route = `${request.method} ${url.pathname}`;
  if (route === 'POST /graphql') return { status: 200, value: { data: { viewer: { login: BOT.login } } } };
  if (route === 'GET /repos/org/app/issues/7/comments') return list(github, url);
  const text = body === '' ? '' : String(JSON.parse(body).body);
  if (text.length > MAX_BODY)
    return { status: 422, value: { message: 'body is too long (maximum is 65536 characters)' } };
  if (route === 'POST /repos/org/app/issues/7/comments') return { status: 201, value: github.post(text, BOT) };
  const id = Number(/^\/repos\/org\/app\/issues\/comments\/(\d+)$/.exec(url.pathname)?.[1]);
  const index = github.comments.findIndex((comment) => comment.id === id);
  if (index < 0) return notFound;
  if (request.method === 'PATCH') return { status: 200, value: Object.assign(github.comments[index], { body: text }) };
  if (request.method !== 'DELETE') return notFound;
  github.comments.splice(index, 1);
  return { status: 204, value: null };
}

/** One page of the comments, with the address of the next in the Link header. */
function list({ comments }: GitHub, url: URL): Reply {
  const size = Number(url.searchParams.get('per_page') ?? 30);
  const page = Number(url.searchParams.get('page') ?? 1);
  url.searchParams.set('page', String(page + 1));
  const link: Record<string, string> = page * size < comments.length ? { link: `<${url}>; rel="next"` } : {};
  return { status: 200, value: comments.slice((page - 1) * size, page * size), headers: link };
}

function send(response: ServerResponse, { status, value, headers }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(status === 204 ? undefined : JSON.stringify(value));
}

async function readAll(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}
