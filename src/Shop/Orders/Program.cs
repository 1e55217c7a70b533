using Microsoft.Extensions.DependencyInjection.Extensions;
using Platform.Contracts;
using Platform.Infrastructure.Data;
using Platform.Infrastructure.Identity;
using Platform.Infrastructure.Jobs;
using Platform.Infrastructure.Switches;
using Platform.Messaging;
using Platform.Orders;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddSwitches();
builder.AddIdentity();
builder.AddDatabase("ordersdb", typeof(Outbox).Assembly, typeof(Program).Assembly);
builder.AddCache("redis");
builder
    .AddMessaging("rabbitmq", ShopTopology.Instance)
    .Consume<PaymentCaptured, PaymentCapturedHandler>(ShopTopology.OrdersPaymentCaptured)
    .Consume<PaymentDeclined, PaymentDeclinedHandler>(ShopTopology.OrdersPaymentDeclined)
    .Consume<OrderFulfilled, OrderFulfilledHandler>(ShopTopology.OrdersOrderFulfilled);

builder.Services.AddValidation();
builder.Services.AddOptions<OrdersOptions>().BindConfiguration(OrdersOptions.SectionName).ValidateDataAnnotations().ValidateOnStart();
builder.Services.TryAddSingleton(TimeProvider.System);
builder.Services.AddSingleton<OrdersMetrics>();
builder.Services.AddSingleton<Catalog>();
builder.Services.AddScheduledJob<RestockProducts>();
builder.Services.AddScheduledJob<WatchOverdueOrders>();
builder.Services.AddTableAge(OrdersMetrics.OldestAge);
builder.Services.AddRetention("idempotency", "created_at < now() - interval '24 hours'");
builder.Services.AddRetention("orders", "created_at < now() - interval '90 days'");

var app = builder.Build();

app.MapDefaultEndpoints();
app.MapDeadLetters();
app.UseAuthentication();
app.UseAuthorization();

var api = app.MapGroup("/api").RequireAuthorization();
api.MapListProducts();
api.MapPlaceOrder();
api.MapGetOrder();
api.MapListOrders();

app.Run();
