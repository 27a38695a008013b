import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function isOurPackage(folder: string): boolean {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) return false;
  const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return typeof content === 'object' && content !== null && 'name' in content && content.name === 'sluice';
}

/**
 * The folder that holds this program's package.json, and with it `migrations/`, `schema/` and `dist/`.
 * The same from `src/` (under tsx or vitest) and from the bundle in `dist/`.
 */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!isOurPackage(folder)) {
    const parent = dirname(folder);
    if (parent === folder)
      throw new Error(`No package.json of sluice above ${fileURLToPath(import.meta.url)}`);
    folder = parent;
  }
  return folder;
}
