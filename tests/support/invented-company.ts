// A company that nobody has: its customers' sites and its technicians as the two tables it would bring, always the same ones. With
// semicolons, umlauts and a title row, as people's files have them.

const streets = [
  "Königsbrücker Straße",
  "Bautzner Straße",
  "Äußere Neustadt",
  "Größelweg",
  "Am Mühlgraben",
  "Schloßgasse",
  "Wörther Platz",
];
const trades = ["Bäckerei", "Apotheke", "Café", "Möbelhaus", "Buchhandlung", "Autohaus", "Zahnarztpraxis", "Gärtnerei"];
const owners = ["Größ", "Süß", "Öhm", "Faß", "Weiß", "Müller", "Jäger", "Köhler", "Böhme", "Schäfer", "Kühn", "Voß"];
const people = ["Änne", "Jörg", "Karl", "Uwe", "Ida", "Frieda", "Björn", "Grete"];
const towns = [
  { zone: "Dresden", postcode: "01067", dialling: "0351" },
  { zone: "Leipzig", postcode: "04109", dialling: "0341" },
  { zone: "Chemnitz", postcode: "09111", dialling: "0371" },
] as const;

export const siteCount = 140;

const at = <T>(list: readonly T[], index: number): T => {
  const found = list[index % list.length];
  if (found === undefined) throw new RangeError("an empty list");
  return found;
};

/** One row for each site: its customer, its address, whom to ask there. Some customers have several. */
export function customersCsv(): string {
  const rows = Array.from({ length: siteCount }, (_, index) => {
    const customer = Math.floor((index * 3) / 5);
    const town = at(towns, index);
    const name = `${at(trades, customer)} ${at(owners, customer)} ${1 + Math.floor(customer / 24)}`;
    return [
      `K-${1000 + customer}`,
      name,
      `S-${1 + index}`,
      `${at(owners, customer)} ${town.zone} ${1 + Math.floor(index / 3)}`,
      `${at(streets, index)} ${1 + index}`,
      town.postcode,
      town.zone,
      town.zone,
      `${at(people, index)} ${at(owners, index + 5)}`,
      `${town.dialling} ${4_567_000 + index}`,
      `filiale${1 + index}@kunden.example`,
    ];
  });
  const header = [
    "Kundennummer",
    "Kundenname",
    "Site ID",
    "Filiale",
    "Straße",
    "PLZ",
    "Ort",
    "Zone",
    "Ansprechpartner",
    "Telefon",
    "E-Mail",
  ];
  return table([["Kundenliste, Stand 01.11.2026"], header, ...rows]);
}

/** Three to a town, who can do everything between them at most hours of the week. */
export function techniciansCsv(): string {
  const crew = [
    "Jörg Größ",
    "Änne Süß",
    "Karl Öhm",
    "Uwe Faß",
    "Ida Weiß",
    "Björn Voß",
    "Grete Köhler",
    "Frieda Jäger",
    "Max Böhme",
  ];
  const hours = ["Mo-Fr 6:00-14:30 Uhr, Pause 10:00-10:30", "täglich 13:00-22:00", "Mo-So 22:00-06:00"];
  const rows = crew.map((name, index) => [
    `P-${1 + index}`,
    name,
    at(towns, Math.floor(index / 3)).zone,
    "Door hardware, Glazing, Auto operator",
    "Multimeter, Glass lifter",
    at(hours, index),
  ]);
  return table([["Personalnummer", "Name", "Gebiet", "Fähigkeiten", "Werkzeug", "Arbeitszeit"], ...rows]);
}

const table = (rows: readonly (readonly string[])[]): string =>
  rows.map((cells) => `${cells.map((cell) => (/[;"]/.test(cell) ? `"${cell}"` : cell)).join(";")}\r\n`).join("");
