// The kinds of change of a desk, and the words in English and Spanish that claim them. It knows no commands, results or chat.

/** A pattern of whole words, in any case. */
export const word = (source: string): RegExp => new RegExp(`(?<![\\p{L}\\d])(?:${source})(?![\\p{L}\\d])`, "iu");

/** One kind of change, as people speak of it. */
export type Effect = {
  /** Past forms: "booked". Sources of regular expressions, without groups that capture. */
  readonly english: string;
  /** Participles, and first or third persons of the past: "reservado|reservé". */
  readonly spanish: string;
  /** What must stand in the same sentence where the words also mean other things; and what must not. */
  readonly about?: RegExp;
  readonly unless?: RegExp;
  /** Words that mean it where the sentence is about something else yet. */
  readonly also?: { readonly english: string; readonly spanish: string; readonly about: RegExp };
  /** States of which a ticket that is read shows the change. */
  readonly states?: readonly string[];
  /** Whether times and technicians in the sentence are said of the change. */
  readonly isVisit?: boolean;
};

const settled = ["SCHEDULED", "DISPATCHED", "ON_SITE", "IN_PROGRESS", "ON_HOLD", "COMPLETED_PENDING_VERIFICATION"];
const done = ["COMPLETED_PENDING_VERIFICATION", "VERIFIED", "INVOICED", "CLOSED"];
const past = [...settled, "VERIFIED", "INVOICED", "CLOSED"];
const waiting = [
  "TRIAGED",
  "READY_TO_SCHEDULE",
  "SCHEDULE_PROPOSED",
  "APPROVAL_REQUIRED",
  "PENDING_CUSTOMER_CONFIRMATION",
];
const ready = [...waiting, ...past];

const ticketWords = word(
  "T-?\\d+|(?:tickets?|jobs?|cases?|calls?|work|visits?|tasks?|orders?|it|both|them|all|that one|this one" +
    "|trabajos?|casos?|órden(?:es)?|orden|visitas?|tareas?|avisos?|lo|la|todo)",
);
const visitWords = word(
  "T-?\\d+|(?:visits?|appointments?|bookings?|times?|slots?|windows?|it|the one|both|them|tickets?|jobs?|plans?" +
    "|mon|tues|wednes|thurs|fri|satur|sun)(?:day)?|\\d+|(?:visitas?|citas?|reservas?|horas?|turnos?|ventanas?" +
    "|lo|la|las|todo|lunes|martes|miércoles|jueves|viernes|sábado|domingo)",
);

export const effects = {
  open: {
    english: "opened|created|logged|raised|registered|filed|put in|set up",
    spanish: "abiert[oa]s?|abrí|abrimos|cread[oa]s?|creé|creamos|registrad[oa]s?|registré|dad[oa] de alta|di de alta",
    about: word(
      "T-?\\d+|(?:tickets?|jobs?|cases?|calls?|requests?|orders?|follow-?ups?|it|both|them|casos?|órden(?:es)?" +
        "|orden|avisos?|incidencias?|solicitud(?:es)?|seguimientos?)",
    ),
    unless: word("limit|NTE|límite|invoices?|INV|factura|credit|CN|abono"),
    states: ["NEW", "NEEDS_INFO", "CANCELLED", ...ready],
  },
  triage: {
    english: "triaged|classified|prioriti[sz]ed",
    spanish: "clasificad[oa]s?|clasifiqué|priorizad[oa]s?|prioricé|triad[oa]s?",
    states: ready,
  },
  askInfo: {
    english:
      "parked(?! as| with)|sent (?:\\S+ ){0,4}?(?:in)?to needs[_ -]info" +
      "|sent (?:\\S+ ){0,3}?back for (?:more )?info(?:rmation)?|set to needs[ -]info" +
      "|marked as needing info(?:rmation)?",
    spanish: "aparcad[oa]s?|aparqué",
    states: ["NEEDS_INFO"],
  },
  cancel: {
    english: "cancel(?:l)?ed|called off",
    spanish: "cancelad[oa]s?|cancelé|cancelamos|anulad[oa]s?|anulé|anulamos",
    also: {
      english: "binned|scrapped|killed|dropped",
      spanish: "dad[oa]s? de baja|di de baja",
      about: word("T-?\\d+|tickets?|casos?|órden(?:es)?|orden|avisos?"),
    },
    states: ["CANCELLED"],
  },
  close: { english: "closed(?: out)?", spanish: "cerrad[oa]s?|cerré|cerramos", about: ticketWords, states: ["CLOSED"] },
  decide: {
    english: "approved|denied|declined",
    spanish: "aprobad[oa]s?|aprobé|aprobamos|denegad[oa]s?|denegué|rechacé",
    states: ["APPROVED", "DENIED"],
  },
  raiseLimit: {
    english: "raised|increased|upped|bumped",
    spanish: "subid[oa]s?|subí|aumentad[oa]s?|aumenté|ampliad[oa]s?|amplié",
    about: word("limit|NTE|cap|límite|tope"),
  },
  verify: {
    english: "verified|signed off on",
    spanish: "verificad[oa]s?|verifiqué",
    about: word("T-?\\d+|(?:tickets?|jobs?|work|visit|it|closeout|trabajos?|cierre|lo|la)"),
    states: ["VERIFIED", "INVOICED", "CLOSED"],
  },
  sendBack: {
    english: "returned|sent (?:\\S+ ){0,4}?back|reopened|re-opened|taken back|took back",
    spanish: "devuelt[oa]s?|devolví|reabiert[oa]s?|reabrí",
    about: ticketWords,
    states: ["IN_PROGRESS", "READY_TO_SCHEDULE"],
  },
  askMoney: {
    english: "requested|asked for|put in for|submitted",
    spanish: "solicitad[oa]s?|solicité|pedí|pedid[oa]s?",
    about: word(
      "(?:approval|limit|increase|NTE|more money|change(?: order| request)?|requests?|A-\\d+|aprobación" +
        "|límite|aumento|ampliación|solicitud)",
    ),
    also: {
      english: "filed|raised|opened|created",
      spanish: "abiert[oa]s?|abrí|cread[oa]s?|creé|registrad[oa]s?",
      about: word("requests?|A-\\d+|change|approval|solicitud|aprobación"),
    },
    states: ["APPROVAL_REQUIRED"],
  },
  invoice: {
    english:
      "invoiced|billed|invoices? (?:[^\\s,;]+ ){0,4}?(?:generated|created|issued|sent|made|is out|went out|has gone out)" +
      "|(?:generated|created|issued|made|sent(?: out)?|raised) (?:the |an |its |their |your )?invoices?",
    spanish:
      "facturad[oa]s?|facturé|facturamos|factura (?:ha sido |fue |está |queda )?(?:emitida|generada|creada|enviada" +
      "|hecha)|(?:emití|generé|creé|envié|emitid[oa]|generad[oa]) (?:la |una |su )?factura",
    also: {
      english: "generated|issued|re-?issued|created|made(?: out)?|raised",
      spanish: "emitid[oa]s?|emití|generad[oa]s?|generé|cread[oa]s?|creé",
      about: word("invoices?|INV-?\\d*|bill|facturas?"),
    },
    states: ["INVOICED", "CLOSED"],
  },
  credit: {
    english:
      "credited|refunded|knocked off|(?:issued|created|made|sent) (?:a |the )?credit notes?" +
      "|credit note (?:is |was |has been )?(?:issued|created|made)",
    spanish: "abonad[oa]s?|aboné|reembolsad[oa]s?|reembolsé|acreditad[oa]s?|devolvimos|devolví",
    also: {
      english:
        "issued|created|made(?: out)?|generated|went through|gone (?:on|through)|applied|taken|knocked off" +
        "|given|granted|booked",
      spanish: "emitid[oa]s?|emití|cread[oa]s?|creé|aplicad[oa]s?|apliqué",
      about: word("credits?(?: notes?)?|CN-?\\d*|refunds?|abonos?|notas? de (?:crédito|abono)|reembolsos?"),
    },
  },
  pause: { english: "paused", spanish: "pausad[oa]s?|pausé|pausamos" },
  resume: { english: "resumed|unpaused", spanish: "reanudad[oa]s?|reanudé|reanudamos", states: ["IN_PROGRESS"] },
  propose: {
    english: "proposed|offered",
    spanish: "propuest[oa]s?|propuse|ofrecid[oa]s?|ofrecí",
    about: visitWords,
    states: ["SCHEDULE_PROPOSED", ...settled],
    isVisit: true,
  },
  book: {
    english:
      "booked(?: in)?|re-?booked|scheduled|reserved|confirmed|locked (?:\\S+ ){0,2}?in" +
      "|pencil(?:l)?ed (?:\\S+ ){0,2}?in|now has an? (?:\\S+ ){0,2}?(?:booking|appointment|visit)" +
      "|slotted (?:\\S+ ){0,2}?in" +
      "|set for (?=(?:mon|tue|wed|thu|fri|sat|sun|\\d|to(?:day|morrow)|no))" +
      "|put in(?:to)? the calendar|all set for",
    spanish:
      "anotad[oa]s? en (?:la |el )?(?:agenda|calendario)|reservad[oa]s?|reservé|reservó|reservamos" +
      "|agendad[oa]s?|agendé|agendó|agendamos|programad[oa]s?|programé" +
      "|programó|programamos|confirmad[oa]s?|confirmé|confirmamos|citad[oa]s?|concertad[oa]s?|concerté",
    about: visitWords,
    states: past,
    isVisit: true,
  },
  move: {
    english:
      "moved|re-?scheduled|postponed|pushed(?: back)?|(?:brought|pulled) forward|shifted|changed the time" +
      "|changed (?:it|that|them|this)",
    spanish:
      "movid[oa]s?|moví|movió|movimos|reprogramad[oa]s?|reprogramé|reprogramó|reagendad[oa]s?|reagendé" +
      "|pospuest[oa]s?" +
      "|pasad[oa]s? (?:a|al|para)|pasó (?:al|a la|a las|para el)|pasé" +
      "|pospuse|aplazad[oa]s?|aplacé|adelantad[oa]s?|adelanté|cambiad[oa]s?|cambié",
    about: visitWords,
    states: [],
    isVisit: true,
  },
  hold: {
    english:
      "(?:provisionally|tentatively) (?:booked|reserved|held|scheduled)|pencil(?:l)?ed (?:\\S+ ){0,2}?in" +
      "|(?:put|placed|set) (?:\\S+ ){0,6}?on hold|on hold|held|holding(?! back| off| up| out)|(?:put|placed" +
      "|set|made|renewed|slapped) (?:an? |the )?hold" +
      "|hold(?: is| was| has been|['’]s been)? (?:set|placed|renewed|made|slapped|put)",
    spanish:
      "(?:reservad[oa]s?|reservé|reservamos) (?:provisionalmente|de forma provisional)" +
      "|(?:puesto|puesta|puse|queda|está) (?:\\S+ ){0,3}en espera|retenid[oa]s?|retuve",
    about: ticketWords,
    states: ["ON_HOLD", "PENDING_CUSTOMER_CONFIRMATION"],
    isVisit: true,
  },
  release: {
    english:
      "released|freed(?: up)?|lifted|cancel(?:l)?ed (?:the |its |their |her |his )?(?:booking|appointment|time|slot)",
    spanish: "liberad[oa]s?|liberé|levantad[oa]s?",
    about: word("(?:hold|slot|time|booking|visit|reserva|espera|hueco)"),
    states: ["READY_TO_SCHEDULE", "SCHEDULE_PROPOSED", "SCHEDULED"],
  },
  send: {
    english: "dispatched|sent(?: out)?|on (?:his|her|their|the) way|en route|heading (?:to|over|out)",
    spanish:
      "despachad[oa]s?|despaché|despachó|enviad[oa]s?|envié|envió|enviamos|mandad[oa]s?|mandé|mandó|mandamos" +
      "|en camino|va de camino",
    about:
      /T-?\d+|\b(?:technicians?|techs?|somebody|someone|crew|help|her|him|them)\b|técnic|alguien|cuadrilla|\p{Lu}\p{Ll}+/u,
    states: ["DISPATCHED", "ON_SITE", "IN_PROGRESS", "ON_HOLD", ...done],
    isVisit: true,
  },
  /** What a person takes for a visit that is settled. */
  come: {
    english: "will (?:be there|arrive|come by|be with you|be on site|be at)|is going(?: to be (?:there|at)| out)",
    spanish: "llegará|acudirá|irá",
    states: past,
    isVisit: true,
  },
  assign: {
    english:
      "assigned|re-?assigned|handed (?:\\S+ ){0,3}?(?:over|out|to)|put (?:\\p{Lu}\\S+ ){1,2}on" +
      "|swapped(?: in)?|transferred",
    spanish: "asignad[oa]s?|asigné|asignó|asignamos|reasignad[oa]s?|reasigné|traspasad[oa]s?|traspasé",
    also: {
      english: "added|set(?: up)?|put (?:\\S+ )?together",
      spanish: "añadid[oa]s?|agregad[oa]s?",
      about: word("crew|helpers?|cuadrilla|equipo"),
    },
    states: ready,
    isVisit: true,
  },
  unassign: {
    english:
      "unassigned|taken off|take[ns]? (?:\\p{Lu}\\S+ ){1,2}off|took (?:\\p{Lu}\\S+ ){1,2}off" +
      "|pulled (?:\\p{Lu}\\S+ ){1,2}off",
    spanish: "desasignad[oa]s?|desasigné|quitad[oa]s?|quité|retirad[oa]s?",
    about: ticketWords,
    states: [],
    isVisit: true,
  },
  checkIn: {
    english: "checked in|arrived",
    spanish: "ha llegado|llegó|registrad[oa] la llegada|registré la llegada",
    states: ["ON_SITE", "IN_PROGRESS", "ON_HOLD", ...done],
    isVisit: true,
  },
  complete: {
    english: "completed|finished|marked (?:\\S+ ){0,4}(?:as )?(?:completed?|done|finished)",
    spanish:
      "(?:marqué|marcado) (?:\\S+ ){1,3}como (?:completad|terminad|hech)[oa]s?" +
      "|marcad[oa]s? como (?:completad|terminad|hech)[oa]s?|completad[oa]s?|completé|terminad[oa]s?|terminé" +
      "|finalizad[oa]s?|finalicé",
    about: ticketWords,
    states: done,
  },
  evidence: {
    english: "uploaded|attached|recorded|filed|added",
    spanish: "subid[oa]s?|subí|adjuntad[oa]s?|adjunté|añadid[oa]s?|añadí|agregad[oa]s?|agregué|registré",
    about: word("(?:photos?|pictures?|evidence|signature|proof|fotos?|imagen(?:es)?|evidencias?|firma)"),
  },
  update: {
    english: "updated|changed|corrected|fixed|amended|set (?:the|its|his|her)|raised the|lowered the|marked",
    spanish:
      "actualizad[oa]s?|actualicé|cambiad[oa]s?|cambié|corregid[oa]s?|corregí|modificad[oa]s?|modifiqué" +
      "|marcad[oa]s?|marqué",
    about: word(
      "T-?\\d+|(?:tickets?|number|phone|address|priority|limit|NTE|name|email|contact|hours|shifts?|profile" +
        "|urgent|emergency|incident|type|record|roster|site|account|asset|teléfono|número|dirección|prioridad" +
        "|límite|nombre|correo|contacto|horario|turnos?|urgente|tipo|ficha|registro)",
    ),
  },
  note: {
    english:
      "(?:added|left|put|wrote|made) (?:\\S+ ){0,2}note|note (?:was |has been |is )?(?:added|left|saved|on)" +
      "|noted(?: down)? (?:that|the|on|it|his|her|their)|logged (?:\\S+ ){0,2}note" +
      "|popped (?:\\S+ ){0,3}note|added (?:that|this|it)",
    spanish:
      "(?:añadí|agregué|dejé|puse|añadid[oa]|agregad[oa]|dejado) (?:\\S+ ){0,2}nota|nota (?:ha sido |fue |queda " +
      "|está )?(?:añadida|agregada|guardada)|anotad[oa]s?|anoté",
    also: {
      english: "added|left|put|recorded|logged|saved|entered|written|wrote",
      spanish: "añadid[oa]s?|añadí|agregad[oa]s?|agregué|dejad[oa]s?|dejé|guardad[oa]s?|guardé|registrad[oa]s?",
      about: word("notes?|comments?|remarks?|hints?|codes?|no-show|notas?|avisos?|comentarios?|códigos?"),
    },
  },
  roster: {
    english:
      "signed off(?: sick)?|sick (?:leave|note|day)s? (?:is |was |has been )?(?:entered|logged|recorded|added)" +
      "|(?:entered|logged|recorded|put in) (?:\\S+ ){0,4}?(?:time off|sick|absence|leave)|logged(?=[^.]{0,60}sick)" +
      "|(?:time|days?) off (?:\\S+ ){0,6}?(?:entered|in the calendar|on the calendar|recorded|put in)|signed (?:him|her" +
      "|them) off|signed (?:\\p{Lu}\\S+ ){1,2}off|drained|undrained|marked (?:\\S+ ){0,3}(?:off|sick)" +
      "|time off (?:is |was |has been )?(?:added|booked|entered)|added (?:\\S+ ){0,4}(?:time off|to the roster)" +
      "|taken off (?:the roster|new work)",
    spanish: "dad[oa] de baja|di de baja|vacaciones (?:añadidas|registradas)|añadid[oa] al (?:turno|equipo)",
    isVisit: true,
  },
  link: {
    english:
      "calendar (?:link|address) (?:is |was |has been )?(?:made|created|ready|sent)" +
      "|(?:made|created|generated) (?:\\S+ ){0,3}calendar (?:link" +
      "|address)",
    spanish: "enlace (?:de|del) calendario (?:creado|listo)|creé (?:el|un) enlace",
  },
  plan: {
    english: "optimi[sz]ed|re-?planned|worked out",
    spanish: "optimizad[oa]s?|optimicé|replanificad[oa]s?",
    about: word("plans?|days?|routes?|schedule|proposal|día|rutas?|propuesta|agenda"),
  },
  applyPlan: {
    english: "applied|carried out|rolled out",
    spanish: "aplicad[oa]s?|apliqué",
    about: word("plans?|proposals?|moves?|changes?|propuesta|cambios?"),
    states: [],
  },
  directory: {
    english: "added|created|archived|put away|merged|joined|imported|registered",
    spanish:
      "añadid[oa]s?|añadí|agregad[oa]s?|agregué|cread[oa]s?|creé|archivad[oa]s?|archivé|fusionad[oa]s?" +
      "|fusioné|importad[oa]s?|importé",
    about: word(
      "(?:accounts?|customers?|sites?|places?|address|contacts?|assets?|doors?|rows|list|spreadsheet|technicians?" +
        "|clientes?|cuentas?|sitios?|direcci(?:ón|ones)|contactos?|activos?|puertas?|filas|lista|técnic[oa]s?)",
    ),
  },
  task: {
    english:
      "handed out|created|delegated|queued|told|pinged|woke(?:n)?|drained|reset|assigned|pushed|acknowledged|marked",
    spanish: "cread[oa]s?|creé|delegad[oa]s?|delegué|encargad[oa]s?|encargué|avisad[oa]s?|avisé",
    about: word("(?:tasks?|clerk|agent|worker|rooms?|desk work|events?|tareas?|agente|sala|salas)"),
  },
  /** No command writes to people; a turn that called somebody else's tool may have. */
  notify: {
    english:
      "(?:texted|emailed|e-mailed|messaged|notified|informed|rang|phoned|alerted)|let (?!me " +
      "|us )(?:\\S+ ){1,3}know|called (?:the customer" +
      "|the client|the tenant|the dispatcher)|sent (?:\\S+ ){0,4}(?:text|sms|e-?mail|message|notification" +
      "|confirmation)(?: \\S+){0,4}",
    spanish:
      "notificad[oa]s?|notifiqué|avisad[oa]s?|avisé|informad[oa]s?|informé|llamé|llamad[oa]|escribí|(?:envié" +
      "|mandé|enviado|mandado) (?:\\S+ ){0,3}(?:mensaje|sms|correo|confirmación)",
  },
} as const satisfies Readonly<Record<string, Effect>>;
export type EffectName = keyof typeof effects;

/** The states that show an effect; null where no state does. */
export function statesOf(name: EffectName): readonly string[] | null {
  const effect: Effect = effects[name];
  return effect.states ?? null;
}

/** Whether times and technicians beside it are said of the effect. */
export function isOfVisit(name: EffectName): boolean {
  const effect: Effect = effects[name];
  return effect.isVisit === true;
}
