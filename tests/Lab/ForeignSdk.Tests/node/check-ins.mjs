import * as Sentry from '@sentry/node';

Sentry.init();

const schedule = { schedule: { type: 'interval', value: 1, unit: 'hour' }, checkinMargin: 5, maxRuntime: 10 };
await Sentry.withMonitor('nightly-export', async () => {}, schedule);
Sentry.captureCheckIn({ monitorSlug: 'restock', status: 'error', duration: 2.5 }, schedule);
Sentry.captureCheckIn({ monitorSlug: 'reindex', status: 'in_progress' }, schedule);
await Sentry.close(10_000);
