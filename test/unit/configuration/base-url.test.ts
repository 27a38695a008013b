import { describe, expect, it } from 'vitest';
import { normaliseBaseUrl } from '../../../src/configuration/base-url.ts';

describe('a base URL', () => {
  it.each([
    ['https://api.openai.com/v1', 'https://api.openai.com/v1'],
    ['https://API.openai.com:443/v1///', 'https://api.openai.com/v1'],
    ['HTTP://host/', 'http://host'],
    ['http://127.0.0.1:9002', 'http://127.0.0.1:9002'],
    ['http://[::1]:80/a/../b', 'http://[::1]/b'],
    ['http://0x7f.1/', 'http://127.0.0.1'],
    ['http://2130706433', 'http://127.0.0.1'],
  ])('%s is kept as %s', (written, kept) => {
    expect(normaliseBaseUrl(written)).toBe(kept);
  });

  it.each([
    '',
    'api.openai.com/v1',
    'ftp://host',
    'file:///etc/passwd',
    'http://',
    'http:host',
    'https://user@host',
    'https://user:pw@host',
    'https://:@host',
    'https://@host',
    'https://host?x=1',
    'https://host?',
    'https://host/#',
    'https://host/\nx',
    'https://ho\tst',
    ' https://host',
    'https://host\\@evil',
    'https://höst',
    'https://host:99999',
    `https://host/${'x'.repeat(2_048)}`,
  ])('%j is refused', (written) => {
    expect(normaliseBaseUrl(written)).toBeNull();
  });
});
