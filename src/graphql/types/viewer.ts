import type { Builder } from '../builder.ts';

/** Who the key says the caller is. */
export function defineViewer(builder: Builder): void {
  builder.objectType('ViewerTenant', {
    fields: (t) => ({ id: t.exposeID('id'), name: t.exposeString('name') }),
  });
  builder.objectType('ViewerApplication', {
    fields: (t) => ({ id: t.exposeID('id'), name: t.exposeString('name') }),
  });
  builder.objectType('Viewer', {
    fields: (t) => ({
      keyId: t.exposeID('keyId'),
      isAdmin: t.exposeBoolean('isAdmin'),
      tenant: t.field({
        type: 'ViewerTenant',
        nullable: true,
        resolve: ({ tenantId }, _args, { snapshot }) => snapshot.tenants.get(tenantId) ?? null,
      }),
      application: t.field({
        type: 'ViewerApplication',
        nullable: true,
        description: 'Null for an admin key.',
        resolve: ({ applicationId }, _args, { snapshot }) =>
          applicationId === null ? null : (snapshot.applications.get(applicationId) ?? null),
      }),
    }),
  });
  builder.queryField('viewer', (t) =>
    t.withAuth({ caller: true }).field({
      type: 'Viewer',
      description: 'Who calls, as the key says.',
      resolve: (_root, _args, { identity }) => identity,
    }),
  );
}
