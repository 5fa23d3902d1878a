#!/usr/bin/env node
/**
 * The start of millrace. In this folder: argv, environment and configfile read one place of settings each, by the table
 * in options; config merges them; settings and parse make a command of it; run performs it, and process keeps the
 * streams and the end. This file only wires.
 */
import { version } from './version.js';

const args = process.argv.slice(2);

if (args.length === 1 && args[0] === '--version') process.stdout.write(`${version()}\n`);
else await (await import('./process.js')).runProcess(args);
