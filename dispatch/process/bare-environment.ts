// What a program that commands and tests start gets of this process's environment, where no setting or secret of the
// caller's may reach it: where programs are, and the code that was compiled before.

const handedOn = ["PATH", "NODE_COMPILE_CACHE"];

/** The caller that starts the program adds further variables. */
export const bareEnvironment: Readonly<Record<string, string>> = Object.fromEntries(
  handedOn.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
);
