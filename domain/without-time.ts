/** An event without its time, which is added when it is recorded. Distributes over a union, so that each keeps its own fields. */
export type WithoutTime<Event extends { readonly at: number }> = Event extends unknown ? Omit<Event, 'at'> : never;
