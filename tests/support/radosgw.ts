// Starts a real S3 server for tests: Ceph's radosgw from Debian's packages, with one monitor and one in-memory OSD,
// everything on 127.0.0.1 and under one temporary folder. Objects are gone when it stops.
// Knows nothing of Dispatch: whoever needs S3 gets an endpoint and a pair of keys.

import { execFile, spawn, type ChildProcess } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { access, constants, mkdir, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

const programs = ["ceph-mon", "ceph-osd", "radosgw", "radosgw-admin", "monmaptool", "ceph"];
const readyWithinMs = 60_000;
const commandTimeoutMs = 120_000;

export type S3Server = {
  endpoint: string;
  region: string;
  accessKey: string;
  secretKey: string;
  stop(): Promise<void>;
};

/** Why radosgw cannot be started on this machine, in words fit for a skip message; null when it can. */
export async function radosgwMissing(): Promise<string | null> {
  const folders = (process.env["PATH"] ?? "").split(":");
  for (const program of programs) {
    const tries = folders.map((folder) => access(join(folder, program), constants.X_OK));
    if (!(await Promise.allSettled(tries)).some((found) => found.status === "fulfilled"))
      return `${program} is not installed: apt-get install -y --no-install-recommends radosgw ceph-mon ceph-osd`;
  }
  return null;
}

/** Starts the server and answers once it takes signed requests (1.5 to 10 s). Throws, with the logs, when it cannot. */
export async function startRadosgw(): Promise<S3Server> {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-s3-"));
  const daemons: ChildProcess[] = [];
  const stop = async () => {
    await Promise.all(daemons.reverse().map(end));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const [v2Port, v1Port, s3Port] = await freePorts(3);
    const monitor = `[v2:127.0.0.1:${v2Port},v1:127.0.0.1:${v1Port}]`;
    const fsid = randomUUID();
    const conf = join(folder, "ceph.conf");
    for (const name of ["run", "mon", "osd", "rgw"]) await mkdir(join(folder, name));
    await writeFile(conf, configuration(folder, fsid, monitor, `127.0.0.1:${s3Port}`));
    const daemon = async (program: string, ...args: string[]) => {
      const child = await startDaemon(folder, program, ["-c", conf, "-f", ...args]);
      daemons.push(child);
      return child;
    };
    const command = (program: string, ...args: string[]) => run(program, args, { timeout: commandTimeoutMs });
    // The ceph tool is a Python program that needs Debian's own interpreter, not whichever comes first in PATH.
    const ceph = (...args: string[]) => command("/usr/bin/python3", "/usr/bin/ceph", "-c", conf, ...args);

    const map = join(folder, "monmap");
    await command("monmaptool", "--create", "--clobber", "--fsid", fsid, "--addv", "a", monitor, map);
    await command("ceph-mon", "-c", conf, "-i", "a", "--mkfs", "--monmap", map);
    const mon = await daemon("ceph-mon", "-i", "a");
    const osdId = randomUUID();
    await until("the monitor answers", [mon], () => ceph("osd", "new", osdId));
    await command("ceph-osd", "-c", conf, "-i", "0", "--mkfs", "--osd-uuid", osdId);
    const osd = await daemon("ceph-osd", "-i", "0");
    await until("osd.0 is up", [mon, osd], async () => {
      const { stdout } = await ceph("osd", "dump");
      if (!/^osd\.0 up/m.test(stdout)) throw new Error(stdout);
    });
    const gateway = await daemon("radosgw", "-n", "client.rgw");
    const endpoint = `http://127.0.0.1:${s3Port}`;
    await until("radosgw listens", [mon, osd, gateway], () => fetch(endpoint, { signal: AbortSignal.timeout(2_000) }));
    const keys = { accessKey: randomBytes(10).toString("hex"), secretKey: randomBytes(20).toString("hex") };
    const user = ["--uid=dispatch", "--display-name=dispatch"];
    const userKeys = [`--access-key=${keys.accessKey}`, `--secret-key=${keys.secretKey}`];
    await command("radosgw-admin", "-c", conf, "-n", "client.rgw", "user", "create", ...user, ...userKeys);
    return { endpoint, region: "us-east-1", ...keys, stop };
  } catch (cause) {
    const logs = await lastLogLines(folder);
    await stop();
    throw new Error(`radosgw did not start; the last lines of its logs:\n${logs}`, { cause });
  }
}

/** ms_mon_client_mode = crc is what lets radosgw speak to a monitor without authentication; it hangs otherwise. */
function configuration(folder: string, fsid: string, monitor: string, s3Address: string): string {
  return `[global]
fsid = ${fsid}
mon_initial_members = a
mon_host = ${monitor}
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
ms_mon_client_mode = crc
run_dir = ${folder}/run
admin_socket = ${folder}/run/$cluster-$name.$pid.asok
log_file = ${folder}/$name.log
crash_dir = ${folder}/run
mon_data = ${folder}/mon
mon_data_avail_crit = 1
mon_allow_pool_size_one = true
mon_cluster_log_file = ${folder}/cluster.log
paxos_propose_interval = 0.05
osd_data = ${folder}/osd
osd_objectstore = memstore
memstore_device_bytes = 1073741824
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
rgw_data = ${folder}/rgw
rgw_frontends = beast endpoint=${s3Address}
rgw_run_sync_thread = false
`;
}

/** Through setpriv, so that a test process that is killed takes its servers along. */
async function startDaemon(folder: string, program: string, args: string[]): Promise<ChildProcess> {
  const output = await open(join(folder, `${program}.out`), "a");
  const options = { stdio: ["ignore", output.fd, output.fd] } satisfies { stdio: ["ignore", number, number] };
  const child = spawn("setpriv", ["--pdeathsig", "KILL", program, ...args], options);
  await once(child, "spawn");
  await output.close();
  return child;
}

/** SIGKILL at once: nothing here outlives the test, and an orderly stop of the OSD takes seconds. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

async function until(what: string, daemons: ChildProcess[], attempt: () => Promise<unknown>): Promise<void> {
  const giveUpAt = Date.now() + readyWithinMs;
  for (;;) {
    try {
      await attempt();
      return;
    } catch (cause) {
      const dead = daemons.some((child) => child.exitCode !== null || child.signalCode !== null);
      if (dead) throw new Error(`a daemon ended before ${what}`, { cause });
      if (Date.now() > giveUpAt) throw new Error(`waited ${readyWithinMs} ms and still not: ${what}`, { cause });
      await pause(50);
    }
  }
}

/** Held open together before any is given back, so that the same port is not handed out twice. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  const ports: number[] = [];
  for (const server of servers) {
    if (!server.listening) await once(server, "listening");
    const address: AddressInfo | string | null = server.address();
    if (address === null || typeof address === "string") throw new Error("no TCP address");
    ports.push(address.port);
  }
  for (const server of servers) await new Promise((closed) => server.close(closed));
  return ports;
}

async function lastLogLines(folder: string): Promise<string> {
  const names = ["ceph-mon.out", "ceph-osd.out", "radosgw.out", "mon.a.log", "osd.0.log", "client.rgw.log"];
  const texts = names.map(async (name) => {
    const text = await readFile(join(folder, name), "utf8").catch(() => "");
    return `${name}:\n${text.split("\n").slice(-8).join("\n")}`;
  });
  return (await Promise.all(texts)).join("\n");
}
