import { type DocumentNode, Kind } from 'graphql';

/**
 * True if the document asks for the schema (`__schema` or `__type`). Both exist on the query root alone; a
 * fragment may carry them there, so every selection of the document counts.
 */
export function asksForSchema(document: DocumentNode): boolean {
  return document.definitions.some(
    (definition) =>
      (definition.kind === Kind.OPERATION_DEFINITION || definition.kind === Kind.FRAGMENT_DEFINITION) &&
      selects(definition.selectionSet.selections),
  );
}

type Selections = Extract<
  DocumentNode['definitions'][number],
  { kind: Kind.OPERATION_DEFINITION }
>['selectionSet']['selections'];

/** Looks below inline fragments too, and nowhere else: a field below the root cannot be a schema field. */
function selects(selections: Selections): boolean {
  return selections.some((selection) => {
    if (selection.kind === Kind.FIELD) {
      return selection.name.value === '__schema' || selection.name.value === '__type';
    }
    return selection.kind === Kind.INLINE_FRAGMENT && selects(selection.selectionSet.selections);
  });
}
