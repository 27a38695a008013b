/** Files and batches: calls to one connection, which the caller names or which an id leads to. */
import { CallError } from '../errors.ts';
import { cancelBatch, createBatch, listBatches, retrieveBatch } from '../operations/batches.ts';
import type { ConnectionHint } from '../operations/connection-route.ts';
import { createFile, fileById, fileContent, listFiles } from '../operations/files.ts';
import type { OwnedContext } from '../operations/owned-task.ts';
import { readBody } from './body.ts';
import type { HttpPorts } from './listener.ts';
import { replyError } from './reply.ts';
import type { Methods, RoutePattern } from './route-table.ts';
import { type Asking, identified, queryOf, startTask, withForm, withJson } from './tasks.ts';

/** A cancellation has no body, or an empty object. */
const CANCEL_BYTES_MAX = 64 * 1024;

/** `/v1/files` */
export const files: Methods = {
  GET: identified((ports, asking) => {
    const query = queryOf(asking.exchange.request);
    const listed = listFiles(query, hintOf(asking), contextOf(ports, asking), ports.call.limits);
    startTask(ports, asking, 'file', listed);
  }),
  POST: identified((ports, asking) => {
    const { limits } = ports.call;
    withForm(ports, asking, limits.fileBytesMax, (bytes, contentType) => {
      const created = createFile(bytes, contentType, hintOf(asking), contextOf(ports, asking), limits);
      startTask(ports, asking, 'file', created);
    });
  }),
};

/** `/v1/batches` */
export const batches: Methods = {
  GET: identified((ports, asking) => {
    const query = queryOf(asking.exchange.request);
    const listed = listBatches(query, hintOf(asking), contextOf(ports, asking), ports.call.limits);
    startTask(ports, asking, 'batch', listed);
  }),
  POST: identified((ports, asking) => {
    withJson(ports, asking, (bytes) => {
      startTask(ports, asking, 'batch', createBatch(bytes, contextOf(ports, asking), ports.call.limits));
    });
  }),
};

const fileMethod = (method: 'GET' | 'DELETE') =>
  identified((ports, asking) =>
    startTask(ports, asking, 'file', fileById(method, idOf(asking), contextOf(ports, asking))),
  );

export const FILE_PATTERNS: readonly RoutePattern[] = [
  {
    path: '/v1/files/{id}',
    match: /^\/v1\/files\/([^/]+)$/,
    methods: { GET: fileMethod('GET'), DELETE: fileMethod('DELETE') },
  },
  {
    path: '/v1/files/{id}/content',
    match: /^\/v1\/files\/([^/]+)\/content$/,
    methods: {
      GET: identified((ports, asking) =>
        startTask(ports, asking, 'file', fileContent(idOf(asking), contextOf(ports, asking))),
      ),
    },
  },
  {
    path: '/v1/batches/{id}',
    match: /^\/v1\/batches\/([^/]+)$/,
    methods: {
      GET: identified((ports, asking) =>
        startTask(ports, asking, 'batch', retrieveBatch(idOf(asking), contextOf(ports, asking))),
      ),
    },
  },
  {
    path: '/v1/batches/{id}/cancel',
    match: /^\/v1\/batches\/([^/]+)\/cancel$/,
    methods: {
      POST: identified((ports, asking) => {
        const { request, response, callId } = asking.exchange;
        readBody(request, CANCEL_BYTES_MAX, (body) => {
          if (body instanceof CallError) return replyError(request, response, callId, body);
          startTask(ports, asking, 'batch', cancelBatch(idOf(asking), contextOf(ports, asking)));
        });
      }),
    },
  },
];

function contextOf({ ownedIds }: HttpPorts, { identity }: Asking): OwnedContext {
  return { ids: ownedIds, identity };
}

/** The header, else the query. */
function hintOf({ exchange }: Asking): ConnectionHint {
  const { request } = exchange;
  const query = queryOf(request);
  const header = request.headers['x-sluice-connection'];
  const named = typeof header === 'string' && header !== '' ? header : null;
  return {
    connection: named ?? query.get('connection') ?? query.get('x-sluice-connection'),
    model: query.get('model'),
  };
}

const idOf = ({ exchange }: Asking): string => exchange.params[0] ?? '';
