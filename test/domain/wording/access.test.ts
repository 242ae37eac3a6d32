import { describe, expect, it } from 'vitest';
import { APPLE_REPORT_SOURCE } from '../../../schemas/catalogue/index.ts';
import { type AccessToTell, whatHappened, whatItDid } from '../../../services/domain/wording/access.ts';

const READ: AccessToTell = {
  source: 'host/test',
  program: 'com.tencent.xin',
  api: 'apple.photos',
  category: 'photos',
  purpose: '',
  foreground: true,
  outcome: 'performed',
  fields: [],
  rows: '1',
  duration_ms: '191917',
  link_host: '',
};

describe('where an access took place', () => {
  it('is said as the host said it', () => {
    expect(whatHappened(READ)).toBe('com.tencent.xin read photos by apple.photos on screen for 3.2 min, no purpose named');
    expect(whatItDid({ ...READ, foreground: false })).toBe('took photos in the background');
  });

  it('is not said of an App Privacy Report, which does not know what was on screen', () => {
    const read = { ...READ, source: APPLE_REPORT_SOURCE };
    expect(whatHappened(read)).toBe('com.tencent.xin read photos by apple.photos for 3.2 min, no purpose named');
    expect(whatItDid(read)).toBe('took photos');
  });
});

describe('a contact with a host', () => {
  const contact = { ...READ, category: 'network', api: 'apple.network', source: APPLE_REPORT_SOURCE, duration_ms: '0' };

  it('names the host and how often it was contacted', () => {
    const tracked = { ...contact, fields: ['app-measurement.com'], rows: '1548' };
    expect(whatHappened(tracked)).toBe('com.tencent.xin contacted app-measurement.com 1,548 times, no purpose named');
    expect(whatHappened({ ...tracked, rows: '1' })).toContain('contacted app-measurement.com, no purpose named');
  });

  it('is said like any other access where another host reported it, whose fields are what it returned', () => {
    const other = { ...contact, source: 'host/test', fields: ['domain'] };
    expect(whatHappened(other)).toBe('com.tencent.xin read network by apple.network on screen, no purpose named');
  });
});
