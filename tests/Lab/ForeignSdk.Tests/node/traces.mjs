// Two spans through the exporter named by PROTOCOL; prints their ids.
import { SpanKind, SpanStatusCode, context, trace } from '@opentelemetry/api';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

const exporter = process.env.PROTOCOL === 'json' ? new JsonExporter() : new ProtobufExporter();
const provider = new NodeTracerProvider({
  resource: resourceFromAttributes({ 'service.name': 'storefront', 'service.instance.id': 'storefront-1', 'service.version': '1.4.0' }),
  spanProcessors: [new BatchSpanProcessor(exporter)],
});
const tracer = provider.getTracer('storefront.checkout', '2.0');

const parent = tracer.startSpan('POST /checkout', {
  kind: SpanKind.SERVER,
  attributes: { 'http.route': '/checkout', lines: 3, largest: Number.MAX_SAFE_INTEGER, total: 12.5, guest: true, skus: ['a', 'b'] },
});
const child = tracer.startSpan('charge', { kind: SpanKind.CLIENT }, trace.setSpan(context.active(), parent));
child.addEvent('retry', { attempt: 2 });
child.recordException(new Error('declined'));
child.setStatus({ code: SpanStatusCode.ERROR, message: 'declined' });
child.end();
parent.setStatus({ code: SpanStatusCode.OK });
parent.end();
await provider.shutdown();

console.log(JSON.stringify({ trace: parent.spanContext().traceId, parent: parent.spanContext().spanId, child: child.spanContext().spanId }));
