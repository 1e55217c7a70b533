// What Observatory has no use for must still be taken: a transaction and a structured log.
import * as Sentry from '@sentry/node';

Sentry.init({ tracesSampleRate: 1, enableLogs: true });
Sentry.startSpan({ name: 'POST /orders', op: 'http.server' }, () => Sentry.startSpan({ name: 'INSERT orders', op: 'db' }, () => {}));
Sentry.logger.info('Order placed', { order: 'o-1' });
await Sentry.close(10_000);
