// Types a line into a pane. Each step is looked at by the server itself in the same breath, since between a look of ours and the key a
// program may end, and the shell behind it would run the line.

import { asArgument, type Tmux } from "./run-tmux.ts";
import type { Pane } from "./panes.ts";

/** tmux takes 16,384 bytes of arguments in one call, and says "command too long" beyond. */
const mostBytes = 8_000;
/** Programs that tell pasted text from typed take an Enter that comes with the text for a part of it. */
const beforeEnterSeconds = "0.1";

/**
 * @param program what must be in front when Enter is pressed
 * @returns false where it was not: what was typed has been wiped away, and nobody has read it
 * @throws NotDelivered
 */
export async function typeLine(tmux: Tmux, { id }: Pane, program: string, line: string): Promise<boolean> {
  const pieces = piecesOf(line, mostBytes);
  const typing = (piece: string) => [...leaveModes(id), ";", "send-keys", "-t", id, "-l", "--", asArgument(piece)];
  const last = pieces.pop() ?? "";
  for (const piece of pieces) await tmux(typing(piece));
  const waiting = ["run-shell", "-d", beforeEnterSeconds];
  const entering = [
    "if-shell",
    "-F",
    "-t",
    id,
    isInFront(program),
    `send-keys -t ${id} Enter ; display-message -p sent`,
  ];
  // Text and Enter in one call, so that a worker which is killed leaves no line behind that nobody ends. No signal ends it halfway.
  const said = await tmux([...typing(last), ";", ...waiting, ";", ...entering]);
  if (said.trim() === "sent") return true;
  // What a shell, a terminal and an editor of lines all take for "forget this line".
  await tmux([...leaveModes(id), ";", "send-keys", "-t", id, "C-u"]).catch(() => undefined);
  return false;
}

const leaveModes = (id: string): string[] => ["if-shell", "-F", "-t", id, "#{pane_in_mode}", `copy-mode -q -t ${id}`];

/** The condition as one of tmux's formats, in which some characters are its own. */
function isInFront(program: string): string {
  const name = program.replaceAll(/[#,}]/g, "#$&");
  return `#{&&:#{==:#{pane_dead}#{pane_in_mode}#{pane_input_off}#{pane_synchronized},0000},#{==:#{pane_current_command},${name}}}`;
}

/** Cut between characters, each of at most so many bytes. */
export function piecesOf(text: string, most: number): string[] {
  const pieces: string[] = [];
  let piece = "";
  let bytes = 0;
  for (const character of text) {
    const more = Buffer.byteLength(character);
    if (bytes + more > most) {
      pieces.push(piece);
      piece = "";
      bytes = 0;
    }
    piece += character;
    bytes += more;
  }
  if (piece !== "") pieces.push(piece);
  return pieces;
}
