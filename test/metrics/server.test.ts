/** The listener by itself, in this process. */
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { MetricsServer } from '../../src/metrics/server.js';
import { usageMessageOf } from '../cli/helpers.js';
import { temporaryFolder } from '../helpers/tree.js';
import { EMPTY } from '../stats/snapshots.js';
import { parseExposition, reading } from './parse.js';
import { freePort } from './port.js';

const servers: MetricsServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function listen(host: string, tokenFile?: string): Promise<{ server: MetricsServer; port: number }> {
  const port = await freePort(host);
  const server = await MetricsServer.listen({ host, port, tokenFile });
  servers.push(server);
  return { server, port };
}

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask(host: string, port: number, { method = 'GET', path = '/metrics', headers = {} }: Asked = {}) {
  const sent = request({ host, port, method, path, headers, agent: false });
  sent.end();
  const [response] = await once(sent, 'response');
  let text = '';
  for await (const piece of response.setEncoding('utf8')) text += piece;
  return { status: response.statusCode as number, headers: response.headers as IncomingHttpHeaders, text };
}

test('shows the snapshot of the moment, and until there is one says that there is none', async () => {
  const { server, port } = await listen('127.0.0.1');
  expect((await ask('127.0.0.1', port)).status).toBe(503);
  let readBytes = 5;
  server.show(() => ({ ...EMPTY, readBytes }));
  const first = await ask('127.0.0.1', port);
  expect(first).toMatchObject({ status: 200, headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' } });
  expect(reading(parseExposition(first.text), 'millrace_read_bytes_total')).toBe(5);
  readBytes = 7;
  expect(reading(parseExposition((await ask('127.0.0.1', port)).text), 'millrace_read_bytes_total')).toBe(7);
});

test('a snapshot that cannot be made is a 500 that says nothing of the cause, and ends nothing', async () => {
  const { server, port } = await listen('127.0.0.1');
  server.show(() => {
    throw new Error('/secret/path');
  });
  expect(await ask('127.0.0.1', port)).toMatchObject({ status: 500, text: 'no metrics at the moment\n' });
});

describe('answers', () => {
  test.each([
    [{}, 200],
    [{ method: 'HEAD' }, 200],
    [{ path: '/metrics?name[]=x' }, 200],
    [{ path: '/' }, 404],
    [{ path: '/metrics/' }, 404],
    [{ path: '/metrics/../etc/passwd' }, 404],
    [{ path: 'http://evil.example/metrics' }, 404],
    [{ method: 'POST', path: '/' }, 404],
    [{ method: 'POST' }, 405],
    [{ method: 'PUT' }, 405],
    [{ method: 'DELETE' }, 405],
    [{ method: 'OPTIONS' }, 405],
    [{ headers: { host: 'evil.example' } }, 403],
    [{ headers: { host: 'evil.example' }, method: 'POST', path: '/x' }, 403],
    [{ headers: { host: 'localhost:1' } }, 200],
    [{ headers: { 'x-large': 'x'.repeat(9000) } }, 431],
  ] as [Asked, number][])('%j with %i', async (asked, status) => {
    const { server, port } = await listen('127.0.0.1');
    server.show(() => EMPTY);
    const answer = await ask('127.0.0.1', port, asked);
    expect(answer.status).toBe(status);
    if (status !== 200) expect(answer.text).not.toContain('millrace_');
    if (status === 405) expect(answer.headers.allow).toBe('GET, HEAD');
    if (asked.method === 'HEAD') {
      expect(answer.text).toBe('');
      expect(Number(answer.headers['content-length'])).toBeGreaterThan(1000);
    }
  });

  test('a request of HTTP/1.0 that names no host with 403', async () => {
    const { server, port } = await listen('127.0.0.1');
    server.show(() => EMPTY);
    const socket = connect(port, '127.0.0.1');
    socket.end('GET /metrics HTTP/1.0\r\n\r\n');
    let text = '';
    for await (const piece of socket.setEncoding('latin1')) text += piece;
    expect(text).toMatch(/^HTTP\/1\.1 403 /);
  });

  test('no other route either without the token, where there is one', async () => {
    const file = join(temporaryFolder(), 'token');
    writeFileSync(file, 's3cret\n');
    chmodSync(file, 0o600);
    const { server, port } = await listen('127.0.0.1', file);
    server.show(() => EMPTY);
    const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
    expect(await ask('127.0.0.1', port)).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } });
    expect((await ask('127.0.0.1', port, { path: '/' })).status).toBe(401);
    expect((await ask('127.0.0.1', port, bearer('wrong'))).status).toBe(401);
    expect((await ask('127.0.0.1', port, bearer('s3cret'))).status).toBe(200);
    expect((await ask('127.0.0.1', port, { path: '/', ...bearer('s3cret') })).status).toBe(404);
  });
});

test('listens on IPv6 too', async () => {
  const { server, port } = await listen('::1');
  server.show(() => EMPTY);
  expect((await ask('::1', port)).status).toBe(200);
});

test('a port that is taken, and an address of another machine, are refused in one line', async () => {
  const { port } = await listen('127.0.0.1');
  const refused = (host: string) => usageMessageOf(MetricsServer.listen({ host, port, tokenFile: undefined }));
  expect(await refused('127.0.0.1')).toBe(
    `--metrics 127.0.0.1:${port}: another program listens on this port; choose another port`,
  );
  expect(await refused('192.0.2.1')).toBe(`--metrics 192.0.2.1:${port}: not an address of this machine`);
});

test('closing frees the port at once, also where somebody keeps a connection open', async () => {
  const { server, port } = await listen('127.0.0.1');
  const idle = connect(port, '127.0.0.1');
  await once(idle, 'connect');
  const gone = once(idle, 'close');
  idle.on('error', () => {});
  await server.close();
  await gone;
  servers.push(await MetricsServer.listen({ host: '127.0.0.1', port, tokenFile: undefined }));
});
