import type { IncomingMessage, ServerResponse } from 'node:http';
import { renderGraphiQL } from 'graphql-yoga';

/** A browser that opens the endpoint, rather than a client that sends a query there. */
export function isGraphiqlRequest(request: IncomingMessage): boolean {
  const wantsPage = request.headers.accept?.includes('text/html') === true;
  return request.method === 'GET' && wantsPage && !request.url?.includes('query=');
}

/** Yoga's page; it loads GraphiQL itself from a CDN, so it is for development alone. */
export function sendGraphiql(response: ServerResponse): void {
  const page = renderGraphiQL({ title: 'Sluice', endpoint: '/graphql', subscriptionsProtocol: 'WS' });
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
  response.end(page);
}
