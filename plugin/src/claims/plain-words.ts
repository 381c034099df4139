// What claims something without a word that effects.ts knows: "I've switched T-000123 over", "acabo de retener el hueco", and a ticket of
// which a sentence says how it stands. Pure.

import { pattern } from "./pattern.ts";

/** What one does without changing anything: reading, thinking, saying, and the like. */
const harmless = new Set(
  (
    "looked checked read found seen saw noticed understood searched compared listed asked tried attempted meant said " +
    "told mentioned suggested recommended thought heard got counted misread apologised apologized assumed gathered " +
    "summarised summarized reviewed kept left waited skipped needed wanted hoped guessed learned learnt went gone " +
    "came come been had knew known liked loved missed misunderstood chose chosen decided considered drafted prepared " +
    "explained described translated calculated received believed agreed promised spotted reached stopped ran pulled " +
    "fetched collected remembered forgot forgotten overlooked mixed confused written wrote used matched ranked took " +
    "taken picked offered proposed expected planned intended helped felt touched worked finished double need needed " +
    "feed speed proceed proceeded succeed exceed indeed requested answered replied quoted happened appreciated " +
    "verified confirmed discussed pointed shown showed copied pasted included excluded visto revisado mirado leído " +
    "encontrado buscado comprobado consultado intentado entendido preguntado dicho pedido notado querido hecho tenido " +
    "podido comparado contado pensado recibido calculado preparado redactado explicado sido estado ido venido quedado " +
    "dejado tratado vuelto confundido equivocado olvidado elegido verificado confirmado propuesto ver revisar mirar " +
    "leer encontrar buscar comprobar consultar intentar preguntar decir comparar pensar recibir preparar vi miré " +
    "revisé leí encontré busqué comprobé consulté intenté entendí pregunté comparé pensé recibí preparé expliqué " +
    "find see look check read reach get confirm verify pull fetch locate tell determine answer match speak think finding " +
    "seeing looking checking reading reaching getting " +
    "elegí tomé noté conté hablé seguí esperé olvidé confundí equivoqué toqué así aquí allí ahí mí sí café qué sé té " +
    "esté creí perdí oí respondí sugerí propuse dejé recomendé"
  ).split(" "),
);
const irregular =
  "put|set|gave|given|sent|made|swapped|let|threw|thrown|cut|brought|built|bought|paid|split|stuck|slid" +
  "|overrode|overridden";
const between = String.raw`(?:\s+(?:just|now|also|already|then|both|gone ahead and|went ahead and|\p{L}+ly))*`;
const ownDeeds = pattern(
  "giu",
  String.raw`(?<!\p{L})(?:i|we)(?:['’]ve| have)?${between}\s+(\p{L}+ed|${irregular})(?!\p{L})`,
  String.raw`|(?<!\p{L})(?:he|hemos)(?:\s+(?:ya|también))*\s+(\p{L}+(?:ado|ido|ído|sto|cho))(?!\p{L})`,
  String.raw`|(?<!\p{L})(?:acabo|acabamos) de\s+(\p{L}+[aei]r)(?:l[eoa]s?|se)?(?!\p{L})`,
  String.raw`|(?<!\p{L})(?:i|we)(?:['’]ve| have)?${between}\s+(?:(?:was|were|been) able to|managed to|ended up`,
  String.raw`|(?:took|taken) the (?:liberty|step) of)\s+(\p{L}+)(?!\p{L})`,
  String.raw`|(?<!\p{L})(puse|hice|\p{L}*(?:[gq]u|[^\P{L}aeiouáéíóú])(?<![aei]r)[éí])(?!\p{L})`,
);
/** Which of those are English. */
const englishAt: ReadonlySet<number> = new Set([0, 3]);
/** "Yep, nuked T-000123". */
const bareDeed = pattern(
  "iu",
  String.raw`^[^\p{L}]*(?:(?:yep|yes|yup|ok(?:ay)?|sure|right|sí|vale|done|alright|great)[,.!:]?\s+)*(?:just `,
  String.raw`|now )?(\p{L}+ed)\s+`,
  String.raw`(?:the |a |an |your |my )?(?:\p{L}+ ){0,2}T-?\d`,
);
const standing = pattern(
  "iu",
  String.raw`T-?\d+['’]?s?(?:[^.!?;]{0,60}?)(?<!\p{L})(?:is|are|was|were|has|have|['’]s|goes|now|está|están|queda`,
  String.raw`|fue|tiene|pasa)(?!\p{L})`,
  String.raw`|(?<!\p{L})(?:is|are|was|were|has|have|['’]s|está|queda|fue)(?!\p{L})[^.!?;]{0,60}?T-?\d+`,
);

/** "- T-000123 → Ana, 9:00" */
const listed = pattern(
  "iu",
  String.raw`T-?\d+[^\p{L}\p{N}]*(?:→|->|=>|:|–|—|-|\||(?<!\p{L})(?:con|with|to)\s)[^\p{L}\p{N}]*\p{L}`,
  String.raw`|\p{L}[^\p{L}\p{N}]*(?:→|->|=>)\s*T-?\d`,
);

export type Plain = { readonly index: number; readonly length: number; readonly language: "en" | "es" };

/** The first person's deeds whose words nobody listed; each where its verb stands. */
export function plainDeedsIn(text: string): Plain[] {
  const found: Plain[] = [];
  for (const match of text.matchAll(ownDeeds)) {
    const at = match.slice(1).findIndex((one) => one !== undefined);
    const verb = match[at + 1] ?? "";
    if (harmless.has(verb.toLowerCase())) continue;
    const index = match.index + match[0].lastIndexOf(verb);
    found.push({ index, length: verb.length, language: englishAt.has(at) ? "en" : "es" });
  }
  const [, verb] = bareDeed.exec(text) ?? [];
  if (found.length === 0 && verb !== undefined && !harmless.has(verb.toLowerCase()))
    found.push({ index: text.indexOf(verb), length: verb.length, language: "en" });
  return found;
}

/** Where a sentence says of a ticket how it stands; null where it does not. */
export function standingIn(text: string, isListed: boolean): Plain | null {
  const match = standing.exec(text) ?? (isListed ? listed.exec(text) : null);
  return match ? { index: match.index + match[0].length, length: 0, language: "en" } : null;
}
