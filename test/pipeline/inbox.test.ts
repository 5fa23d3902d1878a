import { MessageChannel } from 'node:worker_threads';
import { afterEach, expect, test } from 'vitest';
import { Inbox, Outbox } from '../../src/pipeline/inbox.js';
import { thread } from './threads.js';

const channels: MessageChannel[] = [];

afterEach(() => {
  for (const { port1 } of channels.splice(0)) port1.close();
});

function pair(): { outbox: Outbox<unknown>; inbox: Inbox<unknown> } {
  const channel = new MessageChannel();
  channels.push(channel);
  const outbox = new Outbox<unknown>(channel.port1);
  return { outbox, inbox: new Inbox<unknown>(channel.port2, outbox.memory) };
}

test('messages come in the order in which they were sent', () => {
  const { outbox, inbox } = pair();
  for (const message of ['a', { b: [1n] }, 'c']) outbox.send(message);
  expect([inbox.take(), inbox.poll(), inbox.take()]).toEqual(['a', { b: [1n] }, 'c']);
});

test('poll does not wait', () => {
  expect(pair().inbox.poll()).toBeUndefined();
});

test('what was sent before the close is still taken, and then nothing', () => {
  const { outbox, inbox } = pair();
  for (const message of [1, 2]) outbox.send(message);
  outbox.close();
  expect([inbox.take(), inbox.take(), inbox.take(), inbox.take()]).toEqual([1, 2, undefined, undefined]);
});

test('nothing is taken once it was abandoned', () => {
  const { outbox, inbox } = pair();
  outbox.send(1);
  expect(inbox.isAbandoned).toBe(false);
  outbox.abandon();
  expect([inbox.take(), inbox.isAbandoned]).toEqual([undefined, true]);
});

const OPEN = `const { Inbox } = await load('src/pipeline/inbox.js');
  const { MessageChannel, receiveMessageOnPort } = require('node:worker_threads');`;

test('a thread that waits is woken by a message and ended by the close', async () => {
  const { port1, port2 } = new MessageChannel();
  const outbox = new Outbox<string>(port1);
  const body = `${OPEN}
    const { port } = await new Promise((resolve) => parentPort.once('message', resolve));
    const inbox = new Inbox(port, data.memory);
    const seen = [];
    began();
    for (let message = inbox.take(); message !== undefined; message = inbox.take()) seen.push(message);
    return seen;`;
  const { worker, begun, result } = thread(body, { memory: outbox.memory });
  worker.postMessage({ port: port2 }, [port2]);
  await begun;
  outbox.send('a');
  outbox.send('b');
  outbox.close();
  expect(await result).toEqual(['a', 'b']);
  port1.close();
});

test('a lane sends no more answers than the limit ahead of those taken in', async () => {
  const { port1, port2 } = new MessageChannel();
  const outbox = new Outbox<never>(port1);
  const body = `${OPEN}
    const { port } = await new Promise((resolve) => parentPort.once('message', resolve));
    const inbox = new Inbox(port, data.memory);
    for (let answer = 0; answer < 30; answer++) {
      inbox.countAnswer(3);
      Atomics.add(data.sent, 0, 1);
      port.postMessage(answer);
    }`;
  const sent = new Int32Array(new SharedArrayBuffer(4));
  const { worker, result } = thread(body, { memory: outbox.memory, sent });
  const taken: number[] = [];
  const ahead: number[] = [];
  const all = new Promise<void>((resolve) => {
    port1.on('message', (answer: number) => {
      ahead.push(Atomics.load(sent, 0) - taken.length);
      taken.push(answer);
      outbox.answerTaken();
      if (taken.length === 30) resolve();
    });
  });
  worker.postMessage({ port: port2 }, [port2]);
  await Promise.all([all, result]);
  expect(taken).toEqual(Array.from({ length: 30 }, (_, index) => index));
  expect(Math.max(...ahead)).toBeLessThanOrEqual(3);
  port1.close();
});
