import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Children } from './children.ts';
import type { Cores } from './cores.ts';
import { freePort, listening } from './port.ts';
import { plainServer, type Server, Unavailable } from './server.ts';

const FILE = process.env['NGINX'] ?? 'nginx';

interface NginxOptions {
  readonly children: Children;
  readonly cores: Cores;
  readonly folder: string;
  readonly upstreamPort: number;
}

/** nginx as a plain proxy in one process. Throws Unavailable when it is not installed. */
export async function startNginx({ children, cores, folder, upstreamPort }: NginxOptions): Promise<Server> {
  if (spawnSync(FILE, ['-v']).status !== 0) throw new Unavailable('not installed');
  const port = await freePort();
  const prefix = `${folder}/nginx`;
  mkdirSync(prefix);
  writeFileSync(`${prefix}/nginx.conf`, configuration(port, upstreamPort));
  const child = children.start({
    name: 'nginx',
    core: cores.server,
    command: [FILE, '-p', prefix, '-c', `${prefix}/nginx.conf`, '-e', `${prefix}/error.log`],
  });
  await child.unlessEnded(listening(port));
  return plainServer('nginx', child, port);
}

/** Without a master, the one process is the worker. Unbuffered, as streams need it. */
function configuration(port: number, upstreamPort: number): string {
  return `daemon off;
master_process off;
worker_processes 1;
pid nginx.pid;
events { worker_connections 2048; }
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  keepalive_requests 100000000;
  upstream mock {
    server 127.0.0.1:${upstreamPort};
    keepalive 1024;
    keepalive_requests 100000000;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://mock;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }
  }
}
`;
}
