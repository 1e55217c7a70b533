// One log record inside a span; prints the ids.
import { context, trace } from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

const span = new NodeTracerProvider().getTracer('storefront').startSpan('POST /checkout');
const provider = new LoggerProvider({
  resource: resourceFromAttributes({ 'service.name': 'storefront' }),
  processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter() })],
});
provider.getLogger('storefront.checkout').emit({
  severityNumber: SeverityNumber.WARN,
  severityText: 'WARN',
  body: 'The basket changed',
  attributes: { 'basket.lines': 3 },
  context: trace.setSpan(context.active(), span),
});
await provider.shutdown();

console.log(JSON.stringify({ trace: span.spanContext().traceId, span: span.spanContext().spanId }));
