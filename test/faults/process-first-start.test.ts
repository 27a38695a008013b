import { rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { failedStart } from '../support/failed-start.ts';
import { productFolder, startProduct } from '../support/product.ts';
import { type ProductDatabase, productDatabase } from '../support/product-database.ts';

let folder: string;
let database: ProductDatabase;

beforeEach(async () => {
  folder = productFolder();
  database = await productDatabase();
});
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  await database.close();
});

it.each(['1', '2'])(
  'P12 a first start with %s workers that finds its port in use has shown the admin key, and the key stays good',
  async (count) => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const env = { DATABASE_URL: database.url(), SLUICE_ADMIN_KEY: undefined, SLUICE_WORKERS: count };
    const { code, output } = await failedStart({ folder, env: { ...env, PORT: String(port) } });
    other.close();
    expect(code).toBe(1);
    const key = /Admin key\s+(sk-\S+)/.exec(output)?.[1];
    expect(key).toBeDefined();

    const product = await startProduct({ folder, env });
    try {
      expect(product.output()).not.toContain('Admin key');
      const headers = { authorization: `Bearer ${key}` };
      expect((await fetch(`${product.baseUrl}/v1/models`, { headers })).status).toBe(200);
    } finally {
      await product.dispose();
    }
  },
);

it('P01 SIGHUP drains a gateway of one worker, as a closed terminal must not kill it', async () => {
  const product = await startProduct({ folder, env: { DATABASE_URL: database.url() } });
  expect(await product.kill('SIGHUP')).toBe(0);
});
