import * as Sentry from '@sentry/node';

// Two seconds, the SDK's own limit for its last envelope, are little on a busy machine.
Sentry.init({ shutdownTimeout: 20_000 });

function shipOrder() {
  throw new TypeError('The order has no address');
}

setImmediate(shipOrder);
