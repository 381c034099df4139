// A spreadsheet computes a cell that begins with =, + , - or @, so a customer's name could be a formula. What is written gets an
// apostrophe before it, as a person would type one, and what is read loses it again.

const beginsFormula = /^'*[=@+-]/;
/** Numbers, and phone numbers with their plus: a spreadsheet only shows those. */
const harmless = /^[+-]?[\d\s().,/-]*\d$/;

export const asWritten = (cell: string): string =>
  beginsFormula.test(cell) && !harmless.test(cell) ? `'${cell}` : cell;

export const asRead = (cell: string): string => (/^'+[=@+-]/.test(cell) ? cell.slice(1) : cell);
