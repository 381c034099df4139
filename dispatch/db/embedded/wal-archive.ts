// Keeping every change: finished pieces of the write-ahead log (WAL) go to a folder, compressed, and come back from there
// when the database is recovered to a point in time. It only words the server's settings; the server runs the commands.
import type { ServerSettings } from "./settings.ts";

// An hour of quiet costs 60 almost empty pieces of some 20 kB; what a lost disk takes with it is at most this much work.
const archiveEvery = "60s";

/** Settings that archive into `folder`. */
export function archiveSettings(folder: string): ServerSettings {
  const kept = quoted(folder, "/%f.gz");
  const unfinished = quoted(folder, "/%f.part");
  // A piece that is there already was archived just before a crash: that is well if it is the same, and else must stop.
  const again = `gzip -dc ${kept} | cmp -s - "%p"`;
  const anew = `gzip -1 < "%p" > ${unfinished} && sync && mv ${unfinished} ${kept} && sync`;
  return {
    archive_mode: "on",
    archive_timeout: archiveEvery,
    archive_command: `if test -f ${kept}; then ${again}; else ${anew}; fi`,
  };
}

/**
 * Settings that recover from `folder`, to the last commit not after `until` or, without it, to the last there is.
 * They take hold when the cluster holds a recovery.signal.
 */
export function recoverySettings(folder: string, until: Date | null): ServerSettings {
  // The Z of ISO 8601 is an abbreviation to PostgreSQL, and this setting takes none.
  const moment = until?.toISOString().replace("Z", "+00");
  const target: ServerSettings =
    moment === undefined ? {} : { recovery_target_time: moment, recovery_target_action: "promote" };
  const kept = quoted(folder, "/%f.gz");
  // An absent piece is how the server learns that it is at the end, so it must be silent about it.
  const restore_command = `test -f ${kept} && gzip -dc ${kept} > "%p"`;
  // Nobody is let in before the end: a reader in the middle would see a past that goes on.
  return { ...target, restore_command, hot_standby: "off" };
}

/** For the shell, and for PostgreSQL, which reads a per cent sign in the path as one of its own. */
function quoted(folder: string, rest: string): string {
  return `'${folder.replaceAll("%", "%%").replaceAll("'", `'\\''`)}${rest}'`;
}
