// Larger than 32 KiB: the SDK compresses it. Prints the encodings of its requests.
import { subscribe } from 'node:diagnostics_channel';
import * as Sentry from '@sentry/node';

subscribe('http.client.request.start', ({ request }) => console.log(request.getHeader('content-encoding') ?? 'identity'));
Sentry.init();
Sentry.captureMessage('The warehouse is slow', { level: 'warning', contexts: { basket: { lines: 'shirt '.repeat(20_000) } } });
await Sentry.close(10_000);
