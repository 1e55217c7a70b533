// An error with a cause, thrown below Node's own frames, with everything an application attaches to it.
import fs from 'node:fs';
import * as Sentry from '@sentry/node';

Sentry.init({ initialScope: { tags: { service: 'price-list', tenant_id: 'nordwind' } } });

class PriceListMissing extends Error {
  name = 'PriceListMissing';
}

function readPriceList() {
  return fs.readFileSync('/does-not-exist/prices.json');
}

function quotePrice() {
  try {
    return readPriceList();
  } catch (error) {
    throw new PriceListMissing('No price for SKU-1042', { cause: error });
  }
}

Sentry.setUser({ id: 'u-17' });
Sentry.addBreadcrumb({ category: 'cart', message: 'SKU-1042 added', level: 'info', data: { quantity: 2 } });

try {
  quotePrice();
} catch (error) {
  console.log(Sentry.captureException(error, { tags: { request_id: 'req-9' } }));
}

await Sentry.close(10_000);
