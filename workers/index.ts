/** The file that every thread runs: the roles by their names. */
export { default as keeper } from './keeper.js';
export { default as reader } from './reader.js';
export { default as scanner } from './scanner.js';
export { default as verifier } from './verifier.js';
export { default as writer } from './writer.js';
