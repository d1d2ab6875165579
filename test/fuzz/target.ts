// SPDX-License-Identifier: Apache-2.0

/** A reader of what others send, as hostile bytes are tried on it. */
export interface Target {
  readonly name: string;
  /** Bytes to be changed. It takes the first of them. */
  readonly samples: readonly Uint8Array[];
  /**
   * Reads, and writes again what was read: the same bytes, or two readers could see two things. Nothing where the reader
   * refuses by its value. Where seals or signatures decide, what was read is written as the only bytes that could be.
   */
  readonly again: (bytes: Uint8Array) => Uint8Array | undefined;
  /** How many inputs it takes, against the others: all together are a million. */
  readonly inputs: number;
  /** Whether nothing is written again, whatever was read. */
  readonly silent?: boolean;
}

/** A target whose reader and writer are a message's codec. */
export function codecTarget<Message>(
  name: string,
  codec: {
    readonly encode: (message: Message) => Uint8Array;
    readonly decode: (bytes: Uint8Array) => Message;
  },
  samples: readonly Uint8Array[],
  inputs: number,
): Target {
  return { name, samples, inputs, again: (bytes) => codec.encode(codec.decode(bytes)) };
}
