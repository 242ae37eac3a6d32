import { describe, expect, it } from 'vitest';
import { bodyKind } from '../../services/gateway/media-type.ts';

describe('what a body is', () => {
  it.each([
    ['application/cloudevents+json', 'single'],
    ['application/cloudevents+json; charset=utf-8', 'single'],
    ['application/json;charset="UTF-8"', 'single'],
    ['Application/CloudEvents-Batch+JSON ; charset=utf-8; x=y', 'batch'],
    ['application/x-ndjson', 'lines'],
    ['application/x-ndjson;', 'lines'],
  ])('is told by %j: %s', (type, form) => {
    expect(bodyKind({ 'content-type': type })).toEqual({ form, isGzip: false });
  });

  it.each([
    undefined,
    '',
    'text/plain',
    'application/jsonx',
    'application/cloudevents+json, application/x-ndjson',
    'application/x-ndjson\u0000',
    'application/json; charset=utf-16',
    'application/json; charset=utf-8; charset=latin1',
    'application/json; charset="utf-7"',
    `application/json; a=${'b'.repeat(10_000)}`,
    '__proto__/x',
    'constructor',
  ])('cannot be told by %j', (type) => {
    expect(bodyKind(type === undefined ? {} : { 'content-type': type })).toHaveProperty('problem');
  });

  it.each([
    ['gzip', true],
    ['GZIP', true],
    ['identity', false],
  ])('may be compressed: %s', (encoding, isGzip) => {
    expect(bodyKind({ 'content-type': 'application/json', 'content-encoding': encoding })).toEqual({ form: 'single', isGzip });
  });

  it.each(['br', 'gzip, gzip', 'deflate', 'gzip,identity', 'x'])('may not be compressed by %s', (encoding) => {
    expect(bodyKind({ 'content-type': 'application/json', 'content-encoding': encoding })).toHaveProperty('problem');
  });

  it.each(['chunked', 'Chunked '])('may come in pieces: %s', (transfer) => {
    expect(bodyKind({ 'content-type': 'application/json', 'transfer-encoding': transfer })).toEqual({
      form: 'single',
      isGzip: false,
    });
  });

  it.each(['gzip, chunked', 'gzip,chunked', 'chunked, chunked', 'identity'])('may not be changed on its way: %s', (transfer) => {
    expect(bodyKind({ 'content-type': 'application/json', 'transfer-encoding': transfer })).toHaveProperty('problem');
  });

  it('is not in the headers', () => {
    const headers = { 'content-type': 'application/json', 'ce-specversion': '1.0' };
    expect(bodyKind(headers)).toEqual({ problem: expect.stringContaining('structured') as string });
  });
});
