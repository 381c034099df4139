// What a company says of itself when it moves in: each answer is read as people write it, or refused with the name that is probably
// meant. Pure.

import { currencyProblem } from "../../policy/currency.ts";
import { closestName } from "../../policy/likeness.ts";
import { readEmail } from "../../directory/email-address.ts";
import { countryCode } from "../../directory/import/country-names.ts";
import { isPhoneRegion } from "../../directory/phone-number.ts";
import { timeZoneProblem } from "../../workforce/time-zone-name.ts";

export type CompanyFacts = {
  readonly name: string;
  readonly timeZone: string;
  readonly currency: string;
  /** 1900 is 19 %. */
  readonly taxBasisPoints: number;
  /** Of phone numbers that name none: two letters of ISO 3166. */
  readonly phoneRegion: string;
  /** The first dispatcher, as the audit names them. */
  readonly dispatcher: string;
  /** The company's own, and that of sites that do not say it: two letters of ISO 3166. */
  readonly country: string;
  /** What else stands on its invoices; empty where it was not said. */
  readonly seller: Readonly<Record<SellerOption, string>>;
};

type SellerOption = "tax-id" | "street" | "postal-code" | "city" | "state" | "email";

export type Answer<T> = { readonly value: T } | { readonly fault: string };

export type Question = {
  readonly option:
    | "name"
    | "time-zone"
    | "currency"
    | "tax-rate"
    | "phone-region"
    | "dispatcher"
    | "country"
    | SellerOption;
  /** As a person is asked. */
  readonly asks: string;
  readonly example: string;
  readonly read: (text: string) => Answer<string>;
  /** Whether it may be left empty; then what that means, as a person reads it. */
  readonly empty?: string;
};

const longest = 100;

const readLine =
  (what: string) =>
  (text: string): Answer<string> => {
    const line = text.trim();
    if (line === "") return { fault: `${what} is empty` };
    if (line.length > longest) return { fault: `${what} has ${line.length} characters; ${longest} can be kept` };
    return /\p{Cc}/u.test(line) ? { fault: `${what} has a control character in it` } : { value: line };
  };

function readZone(text: string): Answer<string> {
  const zone = text.trim();
  const problem = timeZoneProblem(zone);
  if (problem === null) return { value: zone };
  // Where it is written otherwise than it should be, the rule names the zone itself; a slip is looked up here.
  const slip = /name it by area and city/.test(problem)
    ? closestName(zone, Intl.supportedValuesOf("timeZone"), 0.4)
    : null;
  return { fault: slip === null ? problem : `${problem}; perhaps ${slip} is meant` };
}

function readCurrency(text: string): Answer<string> {
  const code = text.trim().toUpperCase();
  const problem = currencyProblem(code);
  return problem === null ? { value: code } : { fault: problem };
}

/** In basis points, as the price book has it. */
function readTax(text: string): Answer<string> {
  const [, whole, part = ""] = /^(\d{1,2})(?:[.,](\d{1,2}))?\s*%?$/.exec(text.trim()) ?? [];
  if (whole === undefined)
    return { fault: `"${text.trim()}" is no rate of tax in percent from 0 to 99.99, such as 19 or 8.25` };
  return { value: String(Number(whole) * 100 + Number(part.padEnd(2, "0"))) };
}

function readRegion(text: string): Answer<string> {
  const written = text.trim();
  if (/^[a-z]{2}$/i.test(written) && isPhoneRegion(written.toUpperCase())) return { value: written.toUpperCase() };
  const meant = countryCode(written);
  const known = meant !== null && isPhoneRegion(meant) ? `; perhaps ${meant} is meant` : "";
  return { fault: `"${written}" is not the two letters of a country (ISO 3166), such as DE or US${known}` };
}

export const questions: readonly Question[] = [
  {
    option: "name",
    asks: "Name of the company, as on its invoices",
    example: "Tür & Glas Elbe GmbH",
    read: readLine("the name"),
  },
  { option: "time-zone", asks: "Time zone", example: "Europe/Berlin", read: readZone },
  { option: "currency", asks: "Currency of its prices", example: "EUR", read: readCurrency },
  { option: "tax-rate", asks: "Usual rate of tax in percent", example: "19", read: readTax },
  { option: "phone-region", asks: "Country of its phone numbers, two letters", example: "DE", read: readRegion },
];

const leftOut = "empty: it is left out";
const readMail = (text: string): Answer<string> => {
  const email = readEmail(text);
  return email === null ? { fault: `"${text.trim()}" is no e-mail address` } : { value: email };
};

/** What invoices say of who sells. None has to be said, and what is not is left out of them. */
export const sellerQuestions: readonly Question[] = [
  {
    option: "tax-id",
    asks: "Tax number, as on its invoices",
    example: "DE123456789",
    read: readLine("the tax number"),
    empty: leftOut,
  },
  { option: "street", asks: "Street and number", example: "Elbufer 7", read: readLine("the street"), empty: leftOut },
  { option: "postal-code", asks: "Postal code", example: "01067", read: readLine("the postal code"), empty: leftOut },
  { option: "city", asks: "City", example: "Dresden", read: readLine("the city"), empty: leftOut },
  {
    option: "state",
    asks: "State, where addresses name one",
    example: "CA",
    read: readLine("the state"),
    empty: leftOut,
  },
  {
    option: "country",
    asks: "The company's country, two letters",
    example: "DE",
    read: readRegion,
    empty: "empty: that of its phone numbers",
  },
  { option: "email", asks: "E-mail address", example: "buero@elbe.example", read: readMail, empty: leftOut },
];

export const dispatcherQuestion: Question = {
  option: "dispatcher",
  asks: "The first dispatcher, as the audit is to name them",
  example: "dora",
  read: readLine("the dispatcher's name"),
};

/** @param read each question's answer by its option; none where it was left empty */
export function factsOf(read: ReadonlyMap<Question["option"], string>): CompanyFacts {
  const of = (option: Question["option"]): string => read.get(option) ?? "";
  return {
    name: of("name"),
    timeZone: of("time-zone"),
    currency: of("currency"),
    taxBasisPoints: Number(of("tax-rate")),
    phoneRegion: of("phone-region"),
    dispatcher: of("dispatcher"),
    country: of("country") || of("phone-region"),
    seller: {
      "tax-id": of("tax-id"),
      street: of("street"),
      "postal-code": of("postal-code"),
      city: of("city"),
      state: of("state"),
      email: of("email"),
    },
  };
}
