// Words around a word of change that say in which manner it stands: denials, plans, conditions, questions, history, subjects. Data; it is
// read by manner.ts alone.

import { pattern } from "./pattern.ts";

const w = (source: string, flags = "iu") => new RegExp(`(?<![\\p{L}\\p{N}])(?:${source})(?![\\p{L}\\p{N}])`, flags);

export const clauseBreak = pattern(
  "giu",
  String.raw`[;:—–]\s|,\s|\s-\s|\(|\)\s|(?<!\p{L})(?:but|however|although|though|whereas|so|because|since|pero`,
  String.raw`|aunque`,
  String.raw`|mientras|así que|sin embargo|porque|ya que)(?!\p{L})`,
);
/** "and I", "y he": what was denied before is not denied behind. */
export const newSubject = pattern(
  "gu",
  String.raw`(?<!\p{L})(?:and|then|y|e|luego)\s+(?=(?:I|we|I['’]ve|we['’]ve|he|hemos|ya|le|la|lo|se|it|they|it['’]s`,
  String.raw`|T-?\d+|\p{Lu}\p{Ll}+)(?!\p{L}))`,
);
/** What only leads to the sentence: "I can confirm that". */
export const leadIn = pattern(
  "giu",
  String.raw`(?<!\p{L})(?:(?:i|we)?\s*(?:can|could|will|would like to|want(?:ed)? to|am|['’]m|are`,
  String.raw`|['’]re)?\s*(?:now\s+`,
  String.raw`|just\s+)*(?:happy|pleased|glad|able|delighted|here)?\s*(?:to\s+)?(?:confirm|say|report|tell you`,
  String.raw`|let you know`,
  String.raw`|inform you|assure you|announce|mention)(?!\p{L})(?:\s+to you)?(?:\s+that|\s+this)?|(?:le `,
  String.raw`|te )?(?:puedo `,
  String.raw`|podemos )?(?:confirmar|confirmo|informo|informarle|decirle|aseguro)(?:le|te)?\s+que|me (?:complace`,
  String.raw`|alegra) \p{L}+ que`,
  String.raw`|(?:you(?:['’]ll| will) be (?:happy|pleased|glad) to (?:hear|know))(?: that)?|good news|buenas noticias`,
  String.raw`|please note(?: that)?|as (?:you )?(?:asked|requested|instructed|agreed)|como (?:pediste|pidió`,
  String.raw`|usted pidió))[,:!]?\s*`,
);

export const negated = w(
  "not|never|none|nobody|no one|nothing|neither|nor|cannot|unable|failed|fails|yet to|instead of|rather than" +
    "|refus\\p{L}*|un(?:successful\\p{L}*)|no(?!-show)|nunca|sin|ning[uú]n\\p{L}*|nadie|nada|tampoco" +
    "|jamás|todavía no" +
    "|aún no|en vez de|without|wrongly|rechaz\\p{L}*|isn['’]t|wasn['’]t|aren['’]t|weren['’]t|hasn['’]t|haven['’]t" +
    "|hadn['’]t|didn['’]t|don['’]t|doesn['’]t|can['’]t|couldn['’]t|won['’]t|wouldn['’]t|shouldn['’]t|denied that",
);
export const modal = w(
  "will|['’]ll|would|['’]d|can|could|may|might|shall|should|must|going to|gonna|about to|want|wants|need" +
    "|needs|have to|has to|let me|let['’]s|get|gets|plan(?:s|ning)? to|try|trying|propose|suggest|recommend" +
    "|be|being|please|wait(?:ing)?|ready|voy a|vamos a|va a|van a|puedo|podemos|puede|pueden|podría|podríamos" +
    "|debería|debe|deben|quiero|quiere|quieres|hay que|necesit\\p{L}+|será|serán|sería|ser|estará|estarían" +
    "|quedará|quedaría|habría|haya|hayan|sea|sean|esté|estén|tengo que|tiene que|intentar\\p{L}*|propongo" +
    "|sugiero|recomiendo|quede|quedar",
);
export const llForms = /['’](?:ll|d)(?!\p{L})/iu;
export const conditional = w(
  "if|once|when|whenever|unless|until|as soon as|after|before|in case|provided|whether|si|cuando|una vez" +
    "|en cuanto|apenas|después de|antes de|hasta que|a menos que|siempre que|tan pronto|wherever|where",
);
export const conditionBehind = pattern(
  "iu",
  String.raw`(?<!\p{L})(?:once|if|as soon as|unless|until|whenever|only when|when|si|cuando|en cuanto|una vez que`,
  String.raw`|hasta que|tan pronto como)\s+(?:you|the|they|he|she|it|approv\p{L}+|confirm\p{L}*|somebody|someone|a`,
  String.raw`|an|el|la|usted|ustedes|lo|me|nos|se|alguien|\p{Lu}?\p{L}+ (?:confirms?|agrees?|approves?|says?`,
  String.raw`|confirma`,
  String.raw`|acepta|aprueba))(?!\p{L})`,
);
export const asksFirst = pattern(
  "iu",
  String.raw`^[\s"“'*_>-]*(?:(?:and|but|so|or|y|o|pero)\s+)?`,
  String.raw`(?:¿|(?:should|shall|do|does|did|is|are|was|were|has|have|had|can|could|would|will|may|what`,
  String.raw`|which|who|whom|when|where|why|how|want me|need (?:it|them|me|him|her)|ready for|any|anything|qué`,
  String.raw`|cuál|quién|cuándo|dónde|cómo|quieres`,
  String.raw`|quiere|desea|debo|puedo)(?!\p{L}))`,
);
/** "have Eva sent", "to get it moved". */
export const causative =
  /(?:^|(?<!\p{L})(?:to|will|would|can|could|please|then|and|y)\s+)(?:have|get|having|getting)\s+(?!been(?!\p{L}))\S+(?:\s+\S+)?\s*$/iu;
/** "a technician is assigned": in the course of things, and not now. */
export const indefinite = pattern(
  "iu",
  String.raw`(?:^|(?<!\p{L})(?:why|that|because|since) )(?:and |then |y |luego )*(?:an?|una?|somebody|someone|alguien)\s+`,
  String.raw`(?:\p{L}+\s+){0,2}(?:is|are|gets|es|está)(?:\s+(?:only|usually|always|then|never|normally))*\s*$`,
);
export const ofProposal = pattern(
  "iu",
  String.raw`(?<!\p{L})(?:(?:proposed|suggested)(?: \p{L}+)?:|(?:my|the|our) plan(?!\p{L})[^.:;]{0,30}:`,
  String.raw`|(?:plan|idea|suggestion|proposal|aim|goal|advice|propuesta)`,
  String.raw`(?:\s+(?:is|would be|was)\s+(?:that|to)(?!\p{L})|:))`,
);
/** "it has to be verified, and only then billed"; "I'd get it triaged, then have Eva sent". */
export const ofWhatMayBe = pattern(
  "iu",
  String.raw`(?<!\p{L})(?:has|have|needs?|must|can|could|should|may|will|would|to)(?: to)? be(?!\p{L})`,
  String.raw`|(?<!\p{L})(?:i|we|you|it|that)(?:['’]d| would| could| should)(?!\p{L})|(?<!\p{L})(?:i|we|you) (?:can|may|might)(?!\p{L})`,
  String.raw`|(?<!\p{L})(?:i|we)(?:['’]ll| will)(?!\p{L})`,
);
export const wholeKind = pattern(
  "iu",
  String.raw`^[^\p{L}]*(?:(?:since|because|as|and|that|only|such|most|some)\s+)*(?:\p{L}+ed\s+)?(?:tickets|visits`,
  String.raw`|invoices|jobs|technicians|calls|appointments`,
  String.raw`|bookings|facturas|visitas|citas)\s+\p{Ll}+`,
);
export const laterThan = pattern(
  "iu",
  String.raw`(?<!\p{L})(?:before|after|until|once|if|when|whenever|unless|whether|as soon as`,
  String.raw`|antes de que|hasta que|si|cuando)\s+(?:\S+\s+){0,4}$`,
  String.raw`|(?<!\p{L})(?:means?|significa)(?!\p{L})`,
);
export const hasVerb =
  /^(?:hold(?! on)|invoices?|credit note|note|calendar|factura|nota|enlace|time off|vacaciones)(?!\p{L})/iu;
export const firstPerson = pattern(
  "iu",
  String.raw`(?<!\p{L})(?:i|we)(?:['’]ve|\s+have|\s+had|\s+did|['’]d)?(?:\s+(?:just|already|now|also|successfully`,
  String.raw`|gone ahead and|then|therefore|went ahead and|(?:\p{L}+ly)|got|have|both|him|her|them`,
  String.raw`|(?:was|were|been) able to|managed to|(?:took|taken) the (?:liberty|step) of|ended up))*\s*$`,
);
export const firstSpanish =
  /(?<!\p{L})(?:he|hemos|dejé|dejo|tengo|acabo de|acabamos de)(?:\s+(?:ya|también|\p{L}+mente))*\s*$/iu;
export const firstSpanishWord = /(?:é|í|imos|amos|use|uve|ije)$/iu;
export const userDid = pattern(
  "iu",
  String.raw`(?<!\p{L})(?:you|you['’]ve|you have|you had|(?:the |a |this |that )?(?:customer|caller|client|tenant`,
  String.raw`|owner|manager|landlord|neighbou?r)s?(?: has| had| have)?|usted(?: ha)?|(?:el |la )(?:cliente`,
  String.raw`|inquilin[oa]`,
  String.raw`|propietari[oa])(?: ha)?)(?:\s+(?:already|just|now|ya))*\s*$`,
);
export const reported = pattern(
  "iu",
  String.raw`(?<!\p{L})(?:says?|said|told|tells|claims?|claimed|wrote|writes|reports?|reported`,
  String.raw`|states|stated|explains?|explained|insists?|insisted|asks?|asked|wants?`,
  String.raw`|wanted|mentioned|thinks?|believes?|complain(?:s|ed|ing)?|dice|dijo|dicen|pidió|pide|comenta|comentó`,
  String.raw`|cree|asegura`,
  String.raw`|avisa)(?!\p{L})`,
);
export const records = pattern(
  "iu",
  String.raw`(?<!\p{L})(?:desk|timeline|system|records?|receipt|log|audit|history|queue|board|according to|historial`,
  String.raw`|sistema|registro|según|recibo)(?!\p{L})`,
);
export const past = pattern(
  "iu",
  String.raw`(?<!\p{L})(?:yesterday|(?<!the )earlier|previously|before that|last (?:week|month|night|time|monday`,
  String.raw`|tuesday|wednesday`,
  String.raw`|thursday|friday)|(?<!(?:a|one|this) (?:second|moment|minute) )ago|already|back then|on record`,
  String.raw`|according to|originally|at the time|ayer|anteriormente`,
  String.raw`|antes|la semana pasada|hace|según|anteayer|el (?:lunes|martes|miércoles|jueves|viernes) pasado`,
  String.raw`|in (?:the|my) (?:previous`,
  String.raw`|last) (?:turn|message|step|reply|answer)|this morning)(?!\p{L})|(?<!\p{L})ya(?!\p{L})`,
);
export const longPast = pattern(
  "iu",
  String.raw`(?<!\p{L})(?:yesterday|(?<!the )earlier|previously|last (?:week|month|night|time)|ago`,
  String.raw`|back then|ayer|anteriormente|anteayer|la semana pasada|in (?:the|my) (?:previous|last) (?:turn|message|step|reply|answer)`,
  String.raw`|before that`,
  String.raw`|at (?:that time|the (?:start|beginning) of)|in (?:this|our) (?:chat|conversation)|hace (?:un rato`,
  String.raw`|rato|horas?|días?|\d+)`,
  String.raw`|before(?! (?:the|you|we|i|it|he|she|they|a|an|that|this|noon|long|any|\d))`,
  String.raw`|(?:ya|eso|esa|ese|lo|la)(?: \S+){1,4} antes)(?!\p{L})`,
);
/** What happened in this moment is no history, and is not shown by how a ticket stands. */
export const justNow = pattern(
  "iu",
  String.raw`(?<!\p{L})(?:effective (?:now|immediately)|right now|as of now|in this (?:step|turn)|(?:a|one`,
  String.raw`|this) (?:very )?`,
  String.raw`(?:second|moment|minute)(?: ago)?|(?:acabo|acabamos) de|ahora mismo|hace un (?:momento|segundo`,
  String.raw`|minuto))(?!\p{L})`,
);
/** Of whom or when it was, and is no more. */
export const noLonger =
  /(?<!\p{L})(?:off|refus\p{L}*|reject\p{L}*|rechaz\p{L}*|was|were|had|era|estaba|tenía)(?!\p{L})/iu;
/** "by me": whoever reads it takes it for the speaker's deed. */
const me = String.raw`(?:by me|by yours truly|my doing|por mí|por mi parte|yo)(?!\p{L})`;
export const byMe = new RegExp(`(?<!\\p{L}|not )${me}`, "iu");
/** The same right behind the word. */
export const byMeAtOnce = new RegExp(`^\\s+${me}`, "iu");
/** "I had cancelled them". */
export const hadDone = /(?<!\p{L})(?:i|we)(?:['’]d| had)(?:\s+\p{L}+ly)?\s*$|(?<!\p{L})(?:había|habíamos)\s*$/iu;
/** Whether it happened is what the sentence does not know. */
export const unsure = pattern(
  "iu",
  String.raw`(?<!\p{L})(?:no (?:clear )?answer|(?:can['’]t|cannot|can not) (?:tell|say)|not (?:sure|known|clear)`,
  String.raw`|unclear|don['’]t know`,
  String.raw`|unknown|no sé|no se sabe|sin respuesta)(?!\p{L})`,
);
export const byWhom =
  /^(?:\s+\S+){0,6}?\s+(?:by|por)\s+(?!the customer|\d|noon|mon|tue|wed|thu|fri|sat|sun|la |las )/iu;
export const was = /(?<!\p{L})(?:was|were|had been|fue|fueron|había sido|estaba)(?:\s+\p{L}+)?\s*$/iu;
export const stative = pattern(
  "iu",
  String.raw`(?<!\p{L})(?:is|are|['’]s|['’]re|was|were|has|have|had|been|now|got|stands?|remains?|stays?|está|están`,
  String.raw`|ha|han|sido|queda|quedan|quedó|quedaron|fue|fueron|se ha|se han|ya|estaba|había)(?:\s+(?:now|already`,
  String.raw`|also|just|all|both|successfully|officially|currently|still|ya|todos|todas|ambos|ambas|también`,
  String.raw`|\p{L}+(?:ly`,
  String.raw`|mente)))*\s*$`,
);
export const determiner = pattern(
  "iu",
  String.raw`(?<!\p{L})(?:the|a|an|any|some|every|each|no|this|that|these|those|your|our|its|his|her|their|new|my|mi`,
  String.raw`|another`,
  String.raw`|other|next|more|most|only|for|of|as|el|los|las|un|una|su|sus|cada|otr[oa]|más)(?:\s+(?:already|newly`,
  String.raw`|previously|currently|last|first))?\s*$`,
);
export const functionWord = pattern(
  "u",
  String.raw`^\s*(?:$|[.,;:!?)|*\]–—-]|(?:for|to|with|at|on|by|in|from|until|and|or|as|it|him|her|them|both|all|the`,
  String.raw`|a|an|this|that|your|his|its|their|today|tomorrow|now|again|successfully|out|off|up|down|back|over`,
  String.raw`|T-?\d+`,
  String.raw`|\p{Lu}|\d|para|con|a|al|el|la|los|las|en|por|y|hoy|mañana|de|del)(?![\p{Ll}]))`,
);
export const finite = w(
  "is|are|was|were|has|have|had|needs?|can|will|would|should|must|may|goes|go|do|does|means|takes?|es|son" +
    "|está|están|tiene|tienen|puede|necesita|va|vale",
);
export const label = /^\s*(?:\p{Ll}+\s+){0,2}?\p{Ll}*\s*\**:/u;
export const greeting = pattern(
  "iu",
  String.raw`^[\s\d.)\]*_#>|•+–"'-]*(?:\[[ xX]\]|\p{Extended_Pictographic}|\uFE0F|(?:ok(?:ay)?|yep|yup`,
  String.raw`|great|perfect|good|sure|yes|alright`,
  String.raw`|right|done|hecho|listo|sí|perfecto|vale|claro|just|now|successfully|already|also|and|then|finally|y`,
  String.raw`|luego|también|ya|both|all|todo|status|state|result|estado|T-?\d+|\d+ \p{L}+)(?!\p{L})|[\s,.!:*_|–-])*$`,
);
export const conditionInFront = pattern(
  "iu",
  String.raw`^[^\p{L}]*(?:if|once|unless|until|as soon as|whenever|in case|should you|provided|si|una vez`,
  String.raw`|en cuanto|a menos que`,
  String.raw`|hasta que|tan pronto|when|cuando|after|before)(?!\p{L})`,
);
export const naming = pattern(
  "iu",
  String.raw`(?<!\p{L})(?:was|were|from|before|until|than|to|into|in|of|a|any|every|or|not|only|be|becomes?|means?`,
  String.raw`|estaba|desde|antes|de|ser|debe|been|state|called)\s*$`,
);
export const whoDid = pattern(
  "iu",
  String.raw`(?<!\p{L})(?:it|that|everything|all|this|both|they|todo|eso|está|they|T-?\d+)(?:['’]s|['’]re|\s+(?:is`,
  String.raw`|are|has been|have been|queda|está|ya está))?(?:\s+(?:all|now|ya|already))*\s*$`,
);
