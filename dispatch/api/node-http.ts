// node:http without the price of an `import`, which reads all of its exports: three of them load undici, 50 ms of CPU in
// each process, and nothing of the API uses them.

export const http = process.getBuiltinModule("node:http");
