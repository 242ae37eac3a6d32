/**
 * Where the records of a batch are, as columns of numbers. They are used again by whoever decodes batch after batch: while V8 marks, it marks for
 * five milliseconds or more each time that some hundred KiB beside its heap are asked for, and a batch that is decoded would keep the event loop
 * for several times that.
 */
export interface RecordColumns {
  readonly offsets: Float64Array;
  readonly timesMs: Float64Array;
  readonly keyStarts: Int32Array;
  readonly keyLengths: Int32Array;
  readonly valueStarts: Int32Array;
  readonly valueLengths: Int32Array;
  readonly origins: Uint8Array;
}

/** For so many records; zeros. */
export function recordColumns(records: number): RecordColumns {
  return {
    offsets: new Float64Array(records),
    timesMs: new Float64Array(records),
    keyStarts: new Int32Array(records),
    keyLengths: new Int32Array(records),
    valueStarts: new Int32Array(records),
    valueLengths: new Int32Array(records),
    origins: new Uint8Array(records),
  };
}
