// Programs that run what they are told. One of them in front means that a room's own program has left, so it can be no room's.

const shells: ReadonlySet<string> = new Set(
  "ash bash busybox csh dash elvish fish ksh ksh93 mksh nu oksh pwsh rbash sh tcsh xonsh yash zsh".split(" "),
);

/** @param program as tmux says it, with or without its folder, or the blank of a login shell's name */
export const isShell = (program: string): boolean =>
  shells.has((program.split("/").at(-1) ?? "").replace(/^-/, "").toLowerCase());
