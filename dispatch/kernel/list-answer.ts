// The answer of a query whose body is a bare list: where the next page begins is told in a header.

export class ListAnswer<Item extends object = object> {
  readonly items: readonly Item[];
  /** Null on the last page. */
  readonly next: string | null;

  constructor(items: readonly Item[], next: string | null) {
    this.items = items;
    this.next = next;
  }
}
