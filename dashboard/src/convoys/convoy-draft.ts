import type { NewConvoy } from '../../../src/client.ts';

/** An item as somebody types it: everything is text. */
export interface DraftItem {
  readonly key: string;
  readonly role: string;
  readonly message: string;
  /** Keys, separated by commas. */
  readonly dependsOn: string;
  readonly priority: string;
}

/** A convoy before it is sent: what the text says, unchecked. The server checks it. */
export type ConvoyText = Record<string, unknown> & { readonly items: readonly unknown[] };

export const emptyItem: DraftItem = { key: '', role: '', message: '', dependsOn: '', priority: '' };

/** What a text that was pasted says: a convoy, or the list of its items. Throws an `Error` that says what to mend. */
export function convoyOfDocument(document: unknown): ConvoyText {
  if (Array.isArray(document)) return { items: document };
  if (typeof document !== 'object' || document === null)
    throw new Error('This is no convoy: write a list of items, or an object with items.');
  const { items } = document as Record<string, unknown>;
  if (!Array.isArray(items)) throw new Error('The convoy has no list called items.');
  return { ...document, items };
}

/** The rows as the API takes them. Rows in which nothing was typed are left out. */
export function itemsOfRows(rows: readonly DraftItem[]): NewConvoy['items'] {
  return rows.filter(isTyped).map(({ key, role, message, dependsOn, priority }) => {
    const needs = keysOf(dependsOn);
    return {
      key: key.trim(),
      ...(role === '' ? {} : { role }),
      message,
      ...(needs.length === 0 ? {} : { dependsOn: needs }),
      ...(priority.trim() === '' ? {} : { priority: Number(priority) }),
    };
  });
}

/** Rows of items that a text names; what is no text or number is left out. */
export function rowsOfItems(items: readonly unknown[]): readonly DraftItem[] {
  return items.map((item) => {
    const given: Record<string, unknown> = typeof item === 'object' && item !== null ? { ...item } : {};
    const { key, role, message, dependsOn, priority } = given;
    return {
      key: textOf(key),
      role: textOf(role),
      message: textOf(message),
      dependsOn: Array.isArray(dependsOn) ? dependsOn.map(textOf).join(', ') : '',
      priority: textOf(priority),
    };
  });
}

/** Whether anything stands in the row. */
export function isTyped(row: DraftItem): boolean {
  return Object.values(row).some((text) => text.trim() !== '');
}

/** A fault of one item, by its place in the list; of the convoy as a whole where that is null. */
export interface Fault {
  readonly place: number | null;
  /** Of that item; empty where it has none. */
  readonly key: string;
  readonly field: string;
  readonly message: string;
}

/** What the server found wrong, by item: `items.3.message` is the message of the fourth. */
export function faultsOf(
  errors: readonly { readonly path: string; readonly message: string }[],
  sent: readonly DraftItem[],
): readonly Fault[] {
  return errors.map(({ path, message }) => {
    const [head, place, ...field] = path.split('.');
    const isItem = head === 'items' && place !== undefined && /^\d+$/.test(place);
    if (!isItem) return { place: null, key: '', field: path, message };
    return { place: Number(place), key: sent[Number(place)]?.key ?? '', field: field.join('.'), message };
  });
}

function keysOf(text: string): string[] {
  return text
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '');
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
