// Documents of the contract with what it cannot know: the kinds of work that the rules in force name.

import { incidentTypeWords } from "../contract/fields.ts";
import type { Policy } from "../policy/policy.ts";

/** A document, HTML or JSON, with the kinds behind each mention of them. Their names are capitals, digits and underscores. */
export const withLiveTypes = (document: string, { incidentTypes }: Pick<Policy, "incidentTypes">): string =>
  document.replaceAll(incidentTypeWords, `${incidentTypeWords}: ${Object.keys(incidentTypes).sort().join(", ")}`);

/**
 * Makes the function that tells the document under the rules in force: made when first asked for, which most processes never are, and
 * again when other rules came into force.
 */
export function liveDocument(make: () => string): (policy: Pick<Policy, "incidentTypes">) => string {
  let document: string | undefined;
  let told: { readonly policy: object; readonly text: string } | undefined;
  return (policy) => {
    if (told?.policy !== policy) told = { policy, text: withLiveTypes((document ??= make()), policy) };
    return told.text;
  };
}
