import { describe, expect, it } from 'vitest';
import { SetupError } from '../../../src/errors.ts';
import { readSettings } from '../../../src/settings.ts';

function mistakes(env: Record<string, string>): string[] {
  try {
    readSettings(env, '/srv');
  } catch (error) {
    expect(error).toBeInstanceOf(SetupError);
    return (error as SetupError).message.split('\n');
  }
  throw new Error('expected the settings to be refused');
}

describe('settings', () => {
  it('gives a newcomer without any variable a loopback gateway with its data below the folder', () => {
    expect(readSettings({}, '/srv')).toEqual({
      host: '127.0.0.1',
      port: 4000,
      dataDir: '/srv/.sluice',
      databaseUrl: null,
      redisUrl: null,
      config: { path: '/srv/sluice.yaml', isRequired: false },
      adminKey: null,
      masterKey: null,
      workers: 1,
      logLevel: 'info',
      isDevelopment: true,
    });
  });

  it('takes every variable', () => {
    const settings = readSettings(
      {
        HOST: '0.0.0.0',
        PORT: '0',
        SLUICE_DATA_DIR: '/var/lib/sluice',
        DATABASE_URL: 'postgresql://sluice:pw@db:5432/sluice',
        REDIS_URL: 'rediss://cache:6380',
        SLUICE_CONFIG: 'conf/gateway.yaml',
        SLUICE_ADMIN_KEY: 'sk-0123456789abcdef',
        SLUICE_MASTER_KEY: 'a passphrase of some length',
        SLUICE_WORKERS: '64',
        LOG_LEVEL: 'warn',
        NODE_ENV: 'production',
      },
      '/srv',
    );
    expect(settings).toMatchObject({
      host: '0.0.0.0',
      port: 0,
      dataDir: '/var/lib/sluice',
      config: { path: '/srv/conf/gateway.yaml', isRequired: true },
      workers: 64,
      logLevel: 'warn',
      isDevelopment: false,
    });
  });

  it('reports all mistakes at once, one line each, with the variable and what was expected', () => {
    const lines = mistakes({
      PORT: '65536',
      SLUICE_WORKERS: '0',
      LOG_LEVEL: 'loud',
      DATABASE_URL: 'mysql://db/x',
      REDIS_URL: 'cache:6379',
      HOST: 'a b',
    });
    expect(lines.map((line) => line.split(':')[0]).sort()).toEqual([
      'DATABASE_URL',
      'HOST',
      'LOG_LEVEL',
      'PORT',
      'REDIS_URL',
      'SLUICE_WORKERS',
    ]);
    expect(lines).toContain('PORT: expected a whole number from 0 to 65535');
  });

  it.each(['65535', '0'])('takes port %s, the last that is allowed', (PORT) => {
    expect(readSettings({ PORT }, '/srv').port).toBe(Number(PORT));
  });

  it.each(['-1', '4000x', '0x10', ' 80', '1e3', '99999999999'])('refuses port %j', (PORT) => {
    expect(mistakes({ PORT })).toEqual(['PORT: expected a whole number from 0 to 65535']);
  });

  it.each(['SLUICE_ADMIN_KEY', 'SLUICE_MASTER_KEY', 'DATABASE_URL', 'REDIS_URL'])(
    'P12 an empty %s is an error, not a value',
    (name) => {
      expect(mistakes({ [name]: '' })).toHaveLength(1);
    },
  );

  it.each(['HOST', 'PORT', 'SLUICE_CONFIG', 'SLUICE_WORKERS', 'LOG_LEVEL', 'SLUICE_DATA_DIR'])(
    'an empty %s, which is no secret, counts as unset',
    (name) => {
      expect(readSettings({ [name]: '' }, '/srv')).toEqual(readSettings({}, '/srv'));
    },
  );

  it('takes a secret of 16 characters and refuses one of 15', () => {
    expect(readSettings({ SLUICE_ADMIN_KEY: 'x'.repeat(16) }, '/srv').adminKey).toHaveLength(16);
    expect(mistakes({ SLUICE_ADMIN_KEY: 'x'.repeat(15) })).toHaveLength(1);
    expect(mistakes({ SLUICE_MASTER_KEY: ` ${'x'.repeat(15)} ` })).toHaveLength(1);
  });

  it('repeats no value in its messages', () => {
    const lines = mistakes({
      SLUICE_ADMIN_KEY: 'canary',
      SLUICE_MASTER_KEY: 'canary',
      DATABASE_URL: 'postgres//u:canary@db',
      REDIS_URL: 'http://:canary@cache',
    });
    expect(lines).toHaveLength(4);
    expect(lines.join('\n')).not.toContain('canary');
  });

  it('is for development without NODE_ENV only on a loopback address', () => {
    expect(readSettings({ HOST: '0.0.0.0' }, '/srv').isDevelopment).toBe(false);
    expect(readSettings({ HOST: '::1' }, '/srv').isDevelopment).toBe(true);
    expect(readSettings({ NODE_ENV: 'staging' }, '/srv').isDevelopment).toBe(false);
    expect(readSettings({ HOST: '0.0.0.0', NODE_ENV: 'development' }, '/srv').isDevelopment).toBe(true);
  });
});
