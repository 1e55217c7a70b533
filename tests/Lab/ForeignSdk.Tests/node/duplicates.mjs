// COUNT errors that differ in ids alone; flushed every 20, because the SDK drops what does not fit its buffer of 64 requests.
import { randomUUID } from 'node:crypto';
import * as Sentry from '@sentry/node';

Sentry.init();

function chargeOrder(number) {
  throw new Error(`Charge ${number} of order ${randomUUID()} failed at 10.0.0.${number % 250}`);
}

for (let number = 0; number < Number(process.env.COUNT); number++) {
  try {
    chargeOrder(number);
  } catch (error) {
    Sentry.captureException(error, { user: { id: `u-${number % 30}` } });
  }

  if (number % 20 === 0) {
    await Sentry.flush(10_000);
  }
}

await Sentry.close(10_000);
