#!/usr/bin/env node
// Starts the gateway; in a checkout whose sources are newer than the bundle (or that has none), builds first.
import { existsSync, readFileSync } from 'node:fs';

const root = new URL('..', import.meta.url);
if (existsSync(new URL('src', root))) {
  const { bundle, newestSource } = await import('./build.js');
  const stamp = new URL('dist/stamp', root);
  const isFresh = existsSync(stamp) && Number(readFileSync(stamp, 'utf8')) >= newestSource();
  if (!isFresh) await bundle();
}
const { main } = await import(new URL('dist/main.js', root).href);
await main(process.argv.slice(2));
