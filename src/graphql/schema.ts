import type { GraphQLSchema } from 'graphql';
import { createBuilder } from './builder.ts';
import { defineCalls } from './types/calls.ts';
import { defineCatalog } from './types/catalog.ts';
import { defineChat } from './types/chat.ts';
import { defineEnums } from './types/enums.ts';
import { defineModels } from './types/models.ts';
import { defineScalars } from './types/scalars.ts';
import { defineTasks } from './types/tasks.ts';
import { defineUsage } from './types/usage.ts';
import { defineViewer } from './types/viewer.ts';

/** The whole graph. Root types let only identified callers in, unless a field says otherwise. */
export function createSchema(): GraphQLSchema {
  const builder = createBuilder();
  builder.queryType({ authScopes: { caller: true } });
  builder.mutationType({ authScopes: { caller: true } });
  builder.subscriptionType({ authScopes: { caller: true } });
  const enums = defineEnums(builder);
  defineScalars(builder);
  defineUsage(builder, enums);
  defineChat(builder, enums);
  defineTasks(builder);
  defineModels(builder);
  defineCatalog(builder, enums);
  defineCalls(builder, enums);
  defineViewer(builder);
  return builder.toSchema();
}
