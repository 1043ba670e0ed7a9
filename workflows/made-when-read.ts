/**
 * A text for `setCurrentDetails` that is made only when somebody looks. Temporal keeps the details in the run's memory and answers
 * a query with them, as JSON: what a text would cost at each change is spent for nobody otherwise.
 */
export function madeWhenRead(make: () => string): string {
  return { toJSON: make } as unknown as string;
}
