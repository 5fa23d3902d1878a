import { expect, test } from 'vitest';
import { mountNotes } from '../../src/engine/mountnotes.js';

test('each soft mount is told', () => {
  const notes = mountNotes({ soft: ['source', 'dest'], hasMadeUpNumbers: false }, true);
  expect(notes.map((note) => note.split(' is ')[0])).toEqual(['the source', 'the destination']);
});

test('numbers that the client makes up are told where names of one file are to be kept', () => {
  expect(mountNotes({ soft: [], hasMadeUpNumbers: true }, false)).toEqual([]);
  expect(mountNotes({ soft: [], hasMadeUpNumbers: true }, true)).toEqual([expect.stringMatching(/noserverino.*-H/)]);
});
