// The test that stands behind a file in a process it shares: shared-process.ts adds it, and run-group.ts sees by it that the file
// has ended.

export const lastTestOf = (file: string): string => `${file} leaves its process to others as it was`;
