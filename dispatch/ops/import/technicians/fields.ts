// What a cell of a table of technicians may be, and by which names its column is known. The page for operators is made from this list.

import type { Mapping, MatchedColumn } from "../../../directory/import/match-columns.ts";
import { ownName, plainName } from "../../../directory/import/match-columns.ts";

export type TechnicianField = {
  readonly name: string;
  readonly about: string;
  /** Names of columns, in any letter case and with any blanks, dots and hyphens. */
  readonly columns: readonly string[];
  /** False for what files have and the roster keeps nowhere. */
  readonly kept: boolean;
};

const field = (name: string, about: string, columns: readonly string[], kept = true): TechnicianField => ({
  name: `technician.${name}`,
  about,
  columns,
  kept,
});

export const technicianFields: readonly TechnicianField[] = [
  field("id", "Dispatch's own id of the technician", ["Dispatch technician ID"]),
  field("external_id", "Id of the technician in the system the file is from: found again by it in the next run", [
    "External ID",
    "ID",
    "Employee ID",
    "Employee number",
    "Employee no.",
    "Staff ID",
    "Technician ID",
    "Personnel number",
    "Personalnummer",
    "Personal-Nr.",
    "Pers.-Nr.",
    "Mitarbeiternummer",
    "Mitarbeiter-Nr.",
    "MA-Nr.",
  ]),
  field("name", "Full name; otherwise first and last name", [
    "Name",
    "Full name",
    "Technician",
    "Technician name",
    "Employee",
    "Employee name",
    "Techniker",
    "Monteur",
    "Mitarbeiter",
    "Mitarbeiterin",
    "Mitarbeitername",
  ]),
  field("first_name", "First name", ["First name", "Given name", "Vorname"]),
  field("last_name", "Last name", ["Last name", "Surname", "Family name", "Nachname", "Familienname"]),
  field("zone", "Dispatch areas, as sites name their zone or region, the usual one first", [
    "Zone",
    "Zones",
    "Area",
    "Region",
    "Territory",
    "Service territory",
    "Service area",
    "Zonen",
    "Gebiet",
    "Gebiete",
    "Einsatzgebiet",
    "Revier",
    "Bezirk",
  ]),
  field("skills", "Skills held, with commas, semicolons or slashes between them", [
    "Skills",
    "Skill",
    "Skill set",
    "Qualifications",
    "Certifications",
    "Fähigkeiten",
    "Faehigkeiten",
    "Qualifikation",
    "Qualifikationen",
    "Kenntnisse",
    "Fachkenntnisse",
  ]),
  field("tools", "Tools carried, likewise", [
    "Tools",
    "Tool",
    "Equipment",
    "Tools carried",
    "Werkzeug",
    "Werkzeuge",
    "Ausrüstung",
    "Ausstattung",
  ]),
  field("hours", "Working hours: Mon-Fri 8:00-16:30; Sat 9-12, or Mo-Do 7-16 Uhr, Fr 7-13 Uhr, Pause 12:00-12:30", [
    "Hours",
    "Working hours",
    "Work hours",
    "Shift",
    "Shifts",
    "Schedule",
    "Arbeitszeit",
    "Arbeitszeiten",
    "Dienstzeit",
    "Dienstzeiten",
    "Schicht",
    "Schichten",
  ]),
  field("days", "Days of the week on which the shift begins; Monday to Friday where nothing says otherwise", [
    "Days",
    "Working days",
    "Work days",
    "Weekdays",
    "Tage",
    "Arbeitstage",
    "Wochentage",
  ]),
  field("start", "When the shift begins, on the clock of its time zone", [
    "Start",
    "Start time",
    "Shift start",
    "From",
    "Beginn",
    "Arbeitsbeginn",
    "Dienstbeginn",
    "Schichtbeginn",
    "Von",
  ]),
  field("end", "When the shift ends; at or before its beginning: on the next day", [
    "End",
    "End time",
    "Shift end",
    "To",
    "Until",
    "Ende",
    "Arbeitsende",
    "Dienstende",
    "Schichtende",
    "Bis",
  ]),
  field("time_zone", "IANA time zone of the hours; otherwise that of --time-zone", [
    "Time zone",
    "Timezone",
    "TZ",
    "Zeitzone",
  ]),
  field("lat", "Latitude of home in degrees", [
    "Latitude",
    "Lat",
    "Home latitude",
    "Home lat",
    "Breite",
    "Breitengrad",
    "Geogr. Breite",
  ]),
  field("lon", "Longitude of home in degrees", [
    "Longitude",
    "Lon",
    "Lng",
    "Long",
    "Home longitude",
    "Home lon",
    "Home lng",
    "Länge",
    "Längengrad",
    "Geogr. Länge",
  ]),
  field(
    "home_address",
    "Home address: the roster keeps latitude and longitude",
    [
      "Home address",
      "Address",
      "Street",
      "Home",
      "City",
      "Zip",
      "Postal code",
      "Adresse",
      "Anschrift",
      "Wohnort",
      "Wohnadresse",
      "Straße",
      "PLZ",
      "Ort",
    ],
    false,
  ),
  field(
    "phone",
    "Phone number",
    ["Phone", "Phone number", "Telephone", "Mobile", "Mobile phone", "Cell", "Telefon", "Tel.", "Mobil", "Handy"],
    false,
  ),
  field("email", "E-mail address", ["E-mail", "Email address", "Mail", "E-Mail-Adresse"], false),
  field(
    "cost",
    "What an hour costs the company: prices stand in price-book.json",
    [
      "Cost",
      "Hourly cost",
      "Cost per hour",
      "Hourly rate",
      "Rate",
      "Wage",
      "Kosten",
      "Kosten/h",
      "Stundensatz",
      "Stundenlohn",
      "Kostensatz",
    ],
    false,
  ),
];

const byName: ReadonlyMap<string, TechnicianField> = new Map(technicianFields.map((one) => [one.name, one]));
const byColumn: ReadonlyMap<string, string> = new Map(
  technicianFields
    .toReversed()
    .flatMap(({ name, columns }) =>
      [ownName(name), ...columns.map(plainName)].map((column) => [column, name] as const),
    ),
);

export const technicianFieldNamed = (name: string): TechnicianField | undefined => byName.get(name);

/** @param mapping by the names of columns; a field of it may begin with `row.` */
export function matchTechnicianColumns(columns: readonly string[], mapping: Mapping): MatchedColumn[] {
  const given = new Map(Object.entries(mapping).map(([name, wanted]) => [plainName(name), wanted]));
  return columns.map((column): MatchedColumn => {
    const wanted = given.get(plainName(column));
    if (wanted === null) return { column, field: null, by: "mapping" };
    if (wanted !== undefined) return { column, field: wanted.replace(/^row\./, "technician."), by: "mapping" };
    const found = byColumn.get(column.toLowerCase()) ?? byColumn.get(plainName(column)) ?? null;
    return { column, field: found, by: found === null ? "nothing" : "name" };
  });
}
