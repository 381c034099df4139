// How the embedded server is set. Passed on the command line at every start, so a new
// release's settings take hold on an old data folder. Nothing here may trade durability
// for speed, nor let statements or their values into the log.

/** Server settings by name, as PostgreSQL spells them. */
export type ServerSettings = Readonly<Record<string, string>>;

const durable: ServerSettings = { fsync: "on", full_page_writes: "on", synchronous_commit: "on" };

const tuned: ServerSettings = {
  max_connections: "200",
  shared_buffers: "128MB",
  // Many small commits: room in the WAL, fewer full-page images, checkpoints by time, not by size.
  wal_compression: "pglz",
  wal_buffers: "16MB",
  max_wal_size: "1GB",
  checkpoint_timeout: "10min",
  random_page_cost: "1.1",
  // Every query is short and by index; compiling one costs more than running it.
  jit: "off",
  idle_in_transaction_session_timeout: "60s",
  timezone: "UTC",
};

// An error's text and detail quote values (names, addresses), so errors go to the client
// that caused them and not to the log, which keeps the server's own life only.
const discreet: ServerSettings = {
  log_timezone: "UTC",
  log_line_prefix: "%m [%p] ",
  log_min_messages: "log",
  log_min_error_statement: "panic",
  log_error_verbosity: "terse",
  log_parameter_max_length: "0",
  log_parameter_max_length_on_error: "0",
  log_checkpoints: "off",
  log_lock_waits: "off",
};

/** The `-c name=value` arguments of a start; `overrides` win, except over where the server listens. */
export function serverArguments(socketFolder: string, overrides: ServerSettings): string[] {
  const listening: ServerSettings = {
    listen_addresses: "",
    port: "5432",
    // A list in PostgreSQL's eyes: quoted, so that a comma or a blank in the path stays part of it.
    unix_socket_directories: `"${socketFolder.replaceAll('"', '""')}"`,
    unix_socket_permissions: "0700",
  };
  const all = { ...durable, ...tuned, ...discreet, ...overrides, ...listening };
  return Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}
