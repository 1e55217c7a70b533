using Microsoft.Extensions.DependencyInjection.Extensions;
using Platform.Contracts;
using Platform.Infrastructure.Data;
using Platform.Infrastructure.Jobs;
using Platform.Infrastructure.Outside;
using Platform.Infrastructure.Switches;
using Platform.Messaging;
using Platform.Payments;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddSwitches();
builder.AddDatabase("paymentsdb", typeof(Outbox).Assembly, typeof(Program).Assembly);
builder.AddMessaging("rabbitmq", ShopTopology.Instance).Consume<OrderPlaced, OrderPlacedHandler>(ShopTopology.PaymentsOrderPlaced);
builder.AddOutsideClient<AcquirerClient>("acquirer", AcquirerClient.Timeout);

builder.Services.AddOptions<PaymentsOptions>().BindConfiguration(PaymentsOptions.SectionName).ValidateDataAnnotations().ValidateOnStart();
builder.Services.TryAddSingleton(TimeProvider.System);
builder.Services.AddSingleton<PaymentsMetrics>();
builder.Services.AddSingleton<PaymentStore>();
builder.Services.AddWakeSignal<PaymentSignal>();
builder.Services.AddDueWork<ChargeDuePayments>();
builder.Services.AddRetention("payments", "decided_at < now() - interval '90 days'");

var app = builder.Build();

app.MapDefaultEndpoints();
app.MapDeadLetters();
app.MapAcquirerWebhook();

app.Run();
