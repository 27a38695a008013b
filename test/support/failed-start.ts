import { type ProductOptions, startProduct } from './product.ts';

export interface FailedStart {
  readonly code: number;
  /** What a person reads: standard output and error without the log. */
  readonly lines: readonly string[];
  readonly output: string;
}

/** Starts a product that must not come up, and gives how it ended. Its folder is left to the caller. */
export async function failedStart(options: ProductOptions): Promise<FailedStart> {
  const failure = await startProduct(options).then(
    async (product) => {
      await product.dispose();
      return new Error(`it started:\n${product.output()}`);
    },
    (error: Error) => error,
  );
  const [, code, output = ''] = /^the product ended with (\d+)\n([\s\S]*)$/.exec(failure.message) ?? [];
  if (code === undefined) throw failure;
  const lines = output.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
  return { code: Number(code), lines, output };
}
