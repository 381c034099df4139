// What node itself is started with where a program of ours is a process of its own. Whoever starts an API by itself has it too:
// package.json, Dockerfile and docker-compose.yml say the same (tests/process/node-options.test.ts).

/**
 * Of an API: V8 keeps what is young in at most 3 x 4 MiB in place of 3 x 16, which an import of thousands of rows fills. It is
 * collected three times as often, for the same CPU (ARCHITECTURE.md says what was measured).
 */
export const apiNodeOptions: readonly string[] = ["--max-semi-space-size=4"];
