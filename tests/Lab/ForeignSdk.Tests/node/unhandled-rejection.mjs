import * as Sentry from '@sentry/node';

Sentry.init();

async function reserveStock() {
  await null;
  throw new RangeError('Nothing left of it');
}

reserveStock();
