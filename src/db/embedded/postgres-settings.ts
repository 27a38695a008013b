/** A list item of Postgres' configuration: a path may hold commas and spaces. */
const quoted = (item: string): string => `"${item.replaceAll('"', '""')}"`;

/**
 * Settings of the embedded Postgres, given at every start (so that they change with the program, not with the
 * age of the data dir). What is not here is Postgres' default; durability is never traded away.
 */
export function postgresSettings(socketFolder: string): string[] {
  return [
    'listen_addresses=',
    `unix_socket_directories=${quoted(socketFolder)}`,
    'unix_socket_permissions=0700',
    'max_connections=100',
    'fsync=on',
    'synchronous_commit=on',
    'full_page_writes=on',
    // The gateway shares the machine; the file cache of the system does the rest.
    'shared_buffers=64MB',
    'work_mem=8MB',
    'max_wal_size=512MB',
    // Three worker processes fewer; a database of this size is in memory.
    'io_method=sync',
    // Compiling pays from seconds on; the gateway's statements take milliseconds.
    'jit=off',
    'timezone=UTC',
    'log_timezone=UTC',
    'log_line_prefix=',
    'log_checkpoints=off',
    // A client's own mistakes would bring the values of its statements into the log.
    'log_min_messages=log',
    'log_min_error_statement=panic',
    'log_error_verbosity=terse',
  ];
}
