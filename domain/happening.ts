/** An event without its time, which whoever tells of it adds. Distributes over a union, so that each keeps its own fields. */
export type Happening<Event extends { readonly at: number }> = Event extends unknown ? Omit<Event, 'at'> : never;
