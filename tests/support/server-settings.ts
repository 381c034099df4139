// How PostgreSQL is set for tests. Each page a process touches for the first time costs it a page fault, and those were a third of
// what the tests cost.

/** What a server of a test's own may have too, which must be as durable as the product's. */
export const fewPages = {
  update_process_title: "off",
  // Few databases of ten megabytes are open at a time, and processes beside the connection's would touch the same pages again.
  shared_buffers: "64MB",
  io_method: "sync",
  bgwriter_lru_maxpages: "0",
} as const;

/** For data that need not outlive the machine: flushing to disk is half of a test's time. Nor is the log ever read again. */
export const throwAway = {
  ...fewPages,
  wal_buffers: "1MB",
  fsync: "off",
  full_page_writes: "off",
  synchronous_commit: "off",
  max_wal_size: "256MB",
  wal_compression: "off",
} as const;

/** Another C library than glibc disregards it. What a connection has had of memory it keeps, and large pages take fewer faults. */
export const memoryKept = {
  GLIBC_TUNABLES: [
    "glibc.malloc.trim_threshold=268435456",
    "glibc.malloc.mmap_threshold=33554432",
    "glibc.malloc.top_pad=1048576",
    "glibc.malloc.hugetlb=1",
  ].join(":"),
} as const;
