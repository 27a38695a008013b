import { listModels } from '../../tenancy/models.ts';
import type { Builder } from '../builder.ts';

/** The models that the caller may use. */
export function defineModels(builder: Builder): void {
  builder.objectType('Model', {
    fields: (t) => ({
      name: t.exposeString('name', { description: 'What to pass as `model`.' }),
      provider: t.exposeString('provider', {
        nullable: true,
        description: 'Of the target that is tried first.',
      }),
      isDeclared: t.exposeBoolean('isDeclared', {
        description: 'False for `connection/model`, which nobody declared.',
      }),
    }),
  });
  builder.queryField('models', (t) =>
    t.withAuth({ caller: true }).field({
      type: ['Model'],
      description: 'The models that this key may use, by name.',
      resolve: (_root, _args, { snapshot, identity }) => listModels(snapshot, identity),
    }),
  );
}
